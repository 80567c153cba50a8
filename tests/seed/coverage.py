"""What the seed document names, looked up in the live catalog, as a page.

`python -m seed.coverage` migrates a scratch database and writes docs/seed-coverage.md.
"""

from __future__ import annotations

import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg

import ticket_schema
from ticket_schema import embedded
from ticket_schema.catalog import Catalog, read_catalog

ROOT = Path(__file__).parents[2]
NAMES = Path(__file__).with_name("names.toml")
SERVICES = Path(__file__).with_name("services.toml")
PAGE = ROOT / "docs" / "seed-coverage.md"
COMMAND = "make seed-coverage"

HEAD = f"""# Coverage of the seed

Everything that the document this schema was created from names, and where it is; then, what the
documents about other services say, and what answers for it. Generated from the catalog of a
migrated database by `{COMMAND}`; `tests/seed` fails when something is neither in the catalog nor
explained by a decision, when a test that is named is not there, and when this page is not what
would be generated.

"""


@dataclass(frozen=True)
class Difference:
    """Where and why this schema departs from what the seed names."""

    adr: str
    mentions: str
    how: str
    instead: tuple[str, ...] = ()
    present: bool = False

    @property
    def decisions(self) -> list[Path]:
        """The decision; empty when there is none of this number."""
        return _decisions(self.adr)


@dataclass
class Names:
    """The data file: the lines of each group, and the differences by line."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    differences: dict[str, Difference] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        return [line for lines in self.groups.values() for line in lines]


@cache
def names() -> Names:
    """Returns what names.toml says."""
    data = tomllib.loads(NAMES.read_text(encoding="utf-8"))
    read = Names()
    for group in data["group"]:
        read.groups[group["title"]] = [line for name in group["names"] for line in expand(name)]
    for entry in data["differs"]:
        what, instead = entry.pop("what"), tuple(entry.pop("instead", ()))
        for line in expand(what):
            read.differences[line] = Difference(instead=instead, **entry)
    return read


@dataclass(frozen=True)
class Said:
    """What a document about a service says, and what answers for it.

    Args:
        says: the rule or request, in few words.
        by: the objects, spelled as in names.toml.
        tests: what proves it, as path::name below tests/.
        adr: the decision, where the answer is another than the document's.
        mentions: what that decision says.
        how: the answer in few words.
    """

    says: str
    by: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    adr: str = ""
    mentions: str = ""
    how: str = ""

    def faults(self, lookup: Lookup) -> Iterator[str]:
        """Yields what does not hold of it."""
        for line in self.by:
            if lookup.find(line) is None:
                yield f"{self.says}: {line} does not exist"
        for test in self.tests:
            file, _, name = test.partition("::")
            path = ROOT / "tests" / file
            if not (path.exists() and f"def {name}(" in path.read_text(encoding="utf-8")):
                yield f"{self.says}: there is no test {test}"
        if self.adr:
            yield from _undecided(self.says, self.adr, self.mentions)
        elif not (self.by and self.tests):
            yield f"{self.says}: neither given and proved, nor explained"

    def row(self, lookup: Lookup) -> str:
        """Returns its line of the page."""
        made = [(line, _link(file)) for line in self.by for file in (lookup.find(line) or [])[:1]]
        given = [f"{line.partition('(')[0]} {link}" for line, link in made]
        if self.adr:
            (decision,) = _decisions(self.adr)
            given.append(f"{self.how}: [decision {int(self.adr)}](adr/{decision.name})")
        proofs = [
            f"[{name.removeprefix('test_').replace('_', ' ')}](../tests/{file})"
            for file, _, name in (test.partition("::") for test in self.tests)
        ]
        return f"| {self.says} | {'; '.join(given)} | {'; '.join(proofs)} |"


@cache
def services() -> dict[str, list[Said]]:
    """Returns what services.toml says, by service."""
    data = tomllib.loads(SERVICES.read_text(encoding="utf-8"))
    return {
        seed["title"]: [
            Said(by=tuple(line.pop("by", ())), tests=tuple(line.pop("tests", ())), **line)
            for line in seed["line"]
        ]
        for seed in data["seed"]
    }


def _decisions(adr: str) -> list[Path]:
    """Returns the decision of a number; empty when there is none."""
    return sorted((ROOT / "docs" / "adr").glob(f"{adr}-*.md"))


def _undecided(line: str, adr: str, mentions: str) -> Iterator[str]:
    """Yields why a decision does not answer for a line."""
    decisions = _decisions(adr)
    if not decisions:
        yield f"{line}: there is no decision {adr}"
    for decision in decisions:
        if mentions not in " ".join(decision.read_text(encoding="utf-8").split()):
            yield f"{line}: {decision.name} does not mention {mentions}"


def expand(text: str) -> Iterator[str]:
    """Yields a line for every word of its braces."""
    braces = re.fullmatch(r"(.*?)\{(.+?)\}(.*)", text)
    if braces is None:
        yield text
    else:
        for word in braces[2].split(", "):
            yield f"{braces[1]}{word}{braces[3]}"


class Lookup:
    """Finds what a line names in a catalog; each kind answers with the files that make it."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog

    def find(self, line: str) -> list[Path] | None:
        """Returns the files of what a line names; None when it is not there."""
        kind, _, name = line.partition(" ")
        found: list[Path] | None = getattr(self, f"_{kind}")(name)
        return found

    def _migration(self, name: str) -> list[Path] | None:
        number = name.partition(" ")[0]
        return sorted((ROOT / "versions").glob(f"0{number}_*.py")) or None

    def _count(self, name: str) -> list[Path] | None:
        kind, least = name.split()
        if kind == "migration":
            there = len(list((ROOT / "versions").glob("0*.py")))
        else:
            there = len(self.catalog[kind])
        return [] if there >= int(least) else None

    def _rule(self, name: str) -> None:
        """A rule is no object: only a decision answers it."""

    def _type(self, name: str) -> None:
        """The catalog has no types of its own; only a decision answers for one."""
        assert not self.catalog.get("type")

    def _table(self, name: str) -> list[Path] | None:
        return _files("tables", name)[:1] if name in self.catalog["table"] else None

    def _column(self, name: str) -> list[Path] | None:
        table, column = name.split(".")
        if name not in self.catalog["column"]:
            return None
        return [file for file in _files("tables", table) if _names(file, column)][:1]

    def _value(self, name: str) -> list[Path] | None:
        where, value = name.split("=")
        if where.startswith("app."):
            return self._reader(where, rf"'{re.escape(where)}'(.|\n)*'{value}'")
        table, column = where.split(".")
        for constraint, text in self._constraints(table):
            # The list of all values, not a rule about one of them.
            if text.startswith(f"CHECK (({column} = ANY (ARRAY[") and f"'{value}'" in text:
                return _made(table, constraint)
        return None

    def _function(self, name: str) -> list[Path] | None:
        wanted = re.fullmatch(r"(\w+)\((.*)\)", name)
        assert wanted, name
        for signature in self.catalog["function"]:
            function, _, rest = signature.partition("(")
            if function != wanted[1]:
                continue
            have = rest.removesuffix(")").split(", ")
            arguments = [a for a in wanted[2].split(", ") if a not in ("", "...")]
            # An argument is named as we name it (p_...), by its end, or by its type alone.
            if len(have) >= len(arguments) and all(
                ours.split(" ")[0].endswith(f"_{theirs}") or ours.endswith(f" {theirs}")
                for ours, theirs in zip(have, arguments, strict=False)
            ):
                return _files("functions", function)[-1:]
        return None

    def _returns(self, name: str) -> list[Path] | None:
        function, column = name.split(".")
        return self._functions(
            rf"FUNCTION ticketing\.{function}\((.|\n)*RETURNS TABLE\(.*\b{column} "
        )

    def _functions(self, pattern: str) -> list[Path] | None:
        found = sorted(
            signature.partition("(")[0]
            for signature, function in self.catalog["function"].items()
            if re.search(pattern, function["definition"])
        )
        return [file for name in found for file in _files("functions", name)[-1:]] or None

    def _variable(self, name: str) -> list[Path] | None:
        return self._reader(name, rf"current_setting\('{re.escape(name)}'")

    def _reader(self, variable: str, pattern: str) -> list[Path] | None:
        """Returns the helper that reads a variable: the one of its name, else the first one."""
        files = self._functions(pattern)
        if files is None:
            return None
        own = variable.removeprefix("app.")
        return sorted(files, key=lambda f: (own not in f.name, f.name.split(".")[1]))[:1]

    def _trigger(self, name: str) -> list[Path] | None:
        table, function = name.split(": ")
        for trigger, definition in self.catalog["trigger"].items():
            of, _, own = trigger.partition(".")
            if of == table and f"ticketing.{function}(" in definition["definition"]:
                return [file for file in _files("triggers", table) if _names(file, own)][-1:]
        return None

    def _policy(self, name: str) -> list[Path] | None:
        table = name.partition(".")[0]
        return _files("policies", table)[-1:] if name in self.catalog["policy"] else None

    def _index(self, name: str) -> list[Path] | None:
        wanted = re.fullmatch(r"(\w+)(?: \((.+)\))?(?: WHERE (.+))?", name)
        index = self.catalog["index"].get(wanted[1]) if wanted else None
        if wanted is None or index is None:
            return None
        columns, _, where = index["definition"].partition(" USING ")[2].partition(" WHERE ")
        columns = columns.partition("(")[2].removesuffix(")")
        # What leads is what counts: "(ticket_id, ...)" is not "(tenant_id, ticket_id, ...)".
        if not columns.startswith(wanted[2] or ""):
            return None
        if any(not re.search(rf"\b{word}\b", where) for word in (wanted[3] or "").split()):
            return None
        return _made(index["table"], wanted[1])

    def _unique(self, name: str) -> list[Path] | None:
        wanted = re.fullmatch(r"(\w+) \((.+)\)", name)
        assert wanted, name
        pattern = rf"CREATE UNIQUE INDEX .* \({re.escape(wanted[2])}\)"
        for own, index in self.catalog["index"].items():
            if index["table"] == wanted[1] and re.match(pattern, index["definition"]):
                return _made(wanted[1], own)
        return None

    def _constraint(self, name: str) -> list[Path] | None:
        wanted = re.fullmatch(r"(\w+)\.(\w+) \((.+)\)", name)
        assert wanted, name
        for own, text in self._constraints(wanted[1]):
            if own == wanted[2] and _tests(text, wanted[3].split(", ")):
                return _made(wanted[1], own)
        return None

    def _checks(self, name: str) -> list[Path] | None:
        for own, text in sorted(self._constraints(name)):
            if text.startswith("CHECK"):
                return _made(name, own)
        return None

    def _reference(self, name: str) -> list[Path] | None:
        wanted = re.fullmatch(r"(\w+)\.(\w+) -> (\w+)", name)
        assert wanted, name
        pattern = rf"FOREIGN KEY \((?:\w+, )?{wanted[2]}\) REFERENCES ticketing\.{wanted[3]}\("
        for own, text in self._constraints(wanted[1]):
            if re.match(pattern, text):
                return _made(wanted[1], own)
        return None

    def _constraints(self, table: str) -> Iterator[tuple[str, str]]:
        for name, constraint in self.catalog["constraint"].items():
            of, _, own = name.partition(".")
            if of == table:
                yield own, constraint["definition"]


def missing(catalog: Catalog) -> Iterator[str]:
    """Yields what the seed names and nothing here answers for, and answers that do not hold."""
    lookup, read = Lookup(catalog), names()
    for line in read.lines:
        there, difference = lookup.find(line) is not None, read.differences.get(line)
        if difference is None:
            if not there:
                yield f"{line}: neither in the catalog nor explained"
            continue
        if there is not difference.present:
            yield f"{line}: is{'' if there else ' not'} in the catalog, so names.toml is wrong"
        if not difference.present and not difference.instead and not line.startswith("rule "):
            yield f"{line}: nothing stands in its place"
    for line in read.differences.keys() - set(read.lines):
        yield f"{line}: differs, but the seed does not name it"
    for line, difference in read.differences.items():
        for instead in difference.instead:
            if lookup.find(instead) is None:
                yield f"{line}: {instead} does not exist"
        yield from _undecided(line, difference.adr, difference.mentions)
    for said in (said for lines in services().values() for said in lines):
        yield from said.faults(lookup)


def page(catalog: Catalog) -> str:
    """Returns the page; what is missing says so."""
    lookup, read = Lookup(catalog), names()
    lines = [HEAD.rstrip("\n")]
    for title, named in read.groups.items():
        rows = [_row(lookup, line) for line in named]
        lines += [
            "",
            f"## {title}",
            "",
            "| the seed names | here | where |",
            "|---|---|---|",
            *rows,
        ]
    for title, said in services().items():
        lines += [
            "",
            f"## {title}",
            "",
            "| the service's document says | given by | proved by |",
            "|---|---|---|",
            *(one.row(lookup) for one in said),
        ]
    return "\n".join(lines) + "\n"


def _row(lookup: Lookup, line: str) -> str:
    difference = names().differences.get(line)
    files = lookup.find(line)
    if difference is None:
        here = "**missing**" if files is None else "present"
    else:
        decision = difference.decisions[0].name if difference.decisions else "none"
        start = "present, but" if difference.present else "deliberately different:"
        here = f"{start} {difference.how[0].lower()}{difference.how[1:]}"
        here = f"{here} [Decision {int(difference.adr)}](adr/{decision})"
        for instead in difference.instead:
            files = [*(files or []), *(lookup.find(instead) or [])]
    where = ", ".join(_link(file) for file in dict.fromkeys(files or []))
    kind, _, name = line.partition(" ")
    said = name if kind in ("rule", "migration") else f"`{name}`"
    return f"| {kind} {said} | {here} | {where} |".replace("  ", " ")


def _link(file: Path) -> str:
    revision = file.name.split("_")[0] if file.suffix == ".py" else file.name.split(".")[1]
    return f"[{revision}](../{file.relative_to(ROOT).as_posix()})"


def _files(kind: str, name: str) -> list[Path]:
    """Returns the stamped files of an object, lowest first."""
    return [
        file
        for file in sorted((ROOT / "sql" / kind).glob(f"{name}.*.sql"))
        if not file.name.endswith(".down.sql")
    ]


def _made(table: str, name: str) -> list[Path]:
    """Returns the file that makes a constraint or an index: its own, or its table's."""
    own = [*_files("constraints", name), *_files("indexes", name)]
    return (own or [file for file in _files("tables", table) if _names(file, name)])[:1]


def _names(file: Path, name: str) -> bool:
    return re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")) is not None


def _tests(text: str, columns: list[str]) -> bool:
    return all(re.search(rf"\b{column}\b", text) for column in columns)


def live() -> Catalog:
    """Returns the catalog of a scratch database at head."""
    with tempfile.TemporaryDirectory(prefix="ticket-schema-") as folder:
        server = embedded.start(Path(folder) / "pg")
        try:
            url = server.url("postgres")
            ticket_schema.upgrade(url, progress=lambda _: None)
            with psycopg.connect(url, autocommit=True) as connection:
                return read_catalog(connection)
        finally:
            embedded.stop(server.folder)


if __name__ == "__main__":
    PAGE.write_text(page(live()), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
