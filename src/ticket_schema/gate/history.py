"""The history stage: one head, no orphans, and landed revisions that stay as they landed.

`CHECKSUMS` beside the revisions holds a line for each of them: a digest of its parsed module
without docstrings, one of the SQL that it renders, and one over the line and all lines before it.
So a change of a comment is none, while a change of what a library renders is one. The last line
names the head: two branches that both add a revision change that same line, and git refuses to
merge them.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ticket_schema.errors import TicketSchemaError
from ticket_schema.gate.finding import Finding, Stage, declare
from ticket_schema.gate.project import Project, Revision, contents, git, split, top_folder

FILE = "CHECKSUMS"


_rule = partial(declare, stage=Stage.HISTORY)


HEADS = _rule(
    "multiple-heads",
    "G1",
    "more than one head",
    "alembic upgrade head does not know where to go and fails.",
)
ORPHAN = _rule(
    "orphan-base",
    "G1",
    "revision that follows nothing",
    "It is applied beside the chain, in an order that nobody chose.",
)
TWICE = _rule(
    "duplicate-revision",
    "G1",
    "two modules with one revision identifier",
    "Alembic takes one of them and never runs the other.",
)
EDITED = _rule(
    "landed-revision-edited",
    "G3",
    "landed revision that does something else now",
    "Databases that have it are no longer what the revisions say, and no test on an empty one shows"
    " it.",
)
RENDERED = _rule(
    "landed-sql-changed",
    "G7",
    "landed revision that renders other SQL now",
    "A new database gets another schema than the old ones have.",
)
GONE = _rule(
    "landed-revision-missing",
    "G5",
    "landed revision that is gone",
    "A database that stands at it can neither go on nor back.",
)
RENAMED = _rule(
    "landed-revision-renamed",
    "G5",
    "file of a landed revision renamed",
    "Whoever compares two releases takes it for a new revision.",
)
CHAIN = _rule(
    "checksums-broken",
    "G4",
    "CHECKSUMS that was edited by hand",
    "What it says of landed revisions cannot be trusted.",
)
NOT_FROZEN = _rule(
    "revision-not-frozen",
    "G2",
    "revision that CHECKSUMS does not know",
    "The last line then does not make parallel branches conflict.",
)

_TITLE = (
    "# Digests of the revisions: module, SQL, chain. ticket-schema gate freeze writes it.\n"
    "# Two branches that both add a revision conflict in the last line: put one after the other.\n"
)
_LENGTH = 16


@dataclass(frozen=True)
class Entry:
    """A line of CHECKSUMS.

    Args:
        revision: its identifier.
        file: name of its module.
        module: digest of the module.
        sql: digest of what it renders.
        chain: digest over this line and all before it.
    """

    revision: str
    file: str
    module: str
    sql: str
    chain: str

    @property
    def line(self) -> str:
        """The text of the line."""
        return f"{self.revision} {self.module} {self.sql} {self.chain} {self.file}"


def check(project: Project) -> tuple[list[Finding], dict[str, str]]:
    """Returns what is wrong with the history, and the rules that had nothing to compare with.

    Args:
        project: rendered.
    """
    findings = [*_shape(project)]
    off: dict[str, str] = {}
    if project.since:
        findings += _since(project)
    file = checksums_file(project)
    if file.is_file():
        findings += _frozen(project, file)
    else:
        reason = f"there is no {project.shown(file)}; ticket-schema gate freeze writes it"
        compared = () if project.since else (EDITED, GONE, RENAMED)
        off = {one.id: reason for one in (*compared, RENDERED, CHAIN, NOT_FROZEN)}
    return findings, off


def freeze(project: Project) -> tuple[Path, int]:
    """Writes CHECKSUMS, and returns the file and how many lines are new or changed.

    A line that is there stays, unless its revision is newer than the ref that the project was
    loaded with.

    Args:
        project: rendered.

    Raises:
        TicketSchemaError: a landed revision was edited, renamed or deleted.
    """
    file = checksums_file(project)
    known = {one.revision: one for one in _read(file)[0]} if file.is_file() else {}
    fresh = entries(project)
    free = {one.id for one in project.checked} if project.since else set()
    for one in fresh:
        before = known.get(one.revision)
        same = before and (before.module, before.sql, before.file) == (
            one.module,
            one.sql,
            one.file,
        )
        if before and not same and one.revision not in free:
            raise TicketSchemaError(
                f"Revision {one.revision} is frozen and was changed since.",
                hint="Take the change back and make it a new revision; if it has not landed, say"
                " since when: --since REF.",
            )
    missing = sorted(set(known) - {one.revision for one in fresh} - free)
    if missing and not project.since:
        raise TicketSchemaError(
            f"Revision {missing[0]} is frozen and gone.",
            hint="Bring it back; if it has not landed, say since when: --since REF.",
        )
    text = _text(fresh, project.script.get_heads())
    changed = sum(known.get(one.revision) != one for one in fresh)
    file.write_text(text, encoding="utf-8")
    return file, changed


def entries(project: Project) -> list[Entry]:
    """Returns what CHECKSUMS says of a project, parents before children.

    Args:
        project: rendered.
    """
    found: list[Entry] = []
    chain = ""
    for one in _own(project):
        module, sql = module_digest(one.source), sql_digest(one)
        chain = _digest(f"{chain} {one.id} {module} {sql} {one.path.name}")
        found.append(Entry(one.id, one.path.name, module, sql, chain))
    return found


def checksums_file(project: Project) -> Path:
    """Returns where CHECKSUMS stands, be it there or not.

    Args:
        project: the project.
    """
    return own_folder(project) / FILE


def own_folder(project: Project) -> Path:
    """Returns the folder of the revisions that are the project's own.

    Args:
        project: the project.
    """
    return project.revisions[-1].path.parent


def module_digest(source: str) -> str:
    """Returns a digest of what a module does: without comments, layout and docstrings.

    Args:
        source: its text.
    """
    return _digest(repr(_plain(ast.parse(source))))


def sql_digest(revision: Revision) -> str:
    """Returns a digest of what a revision renders, up and down.

    Args:
        revision: rendered.
    """
    lines = [
        f"{direction} {'-' if one.transaction is None else '+'} {' '.join(one.text.split())}"
        for direction, statements in (("up", revision.up), ("down", revision.down))
        for one in statements
    ]
    return _digest("\n".join(lines))


def _own(project: Project) -> list[Revision]:
    """Returns the revisions that are the project's to freeze: those of its last one's folder."""
    folder = own_folder(project)
    return [one for one in project.revisions if one.path.parent == folder]


def _plain(node: object) -> object:
    # Not ast.dump: its text differs from one version of Python to the next.
    if isinstance(node, ast.AST):
        fields = dict(ast.iter_fields(node))
        body = fields.get("body")
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and body:
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                fields["body"] = body[1:]
        kept = {name: _plain(value) for name, value in fields.items() if name != "kind"}
        return [type(node).__name__, sorted((n, v) for n, v in kept.items() if v not in (None, []))]
    if isinstance(node, list):
        return [_plain(one) for one in node]
    return node


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _text(found: Iterable[Entry], heads: Iterable[str]) -> str:
    lines = [one.line for one in found]
    return _TITLE + "\n".join(
        [*lines, f"head {' '.join(sorted(heads))} {_sealed(lines, heads)}", ""]
    )


def _sealed(lines: list[str], heads: Iterable[str]) -> str:
    return _digest("\n".join([*lines, *sorted(heads)]))


def _read(file: Path) -> tuple[list[Entry], str | None]:
    """Returns the entries of a file, and what is wrong with it."""
    found: list[Entry] = []
    problem = None
    chain = ""
    head = False
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        words = line.split(maxsplit=4)
        if not words or line.startswith("#"):
            continue
        if words[0] == "head":
            head = True
            *heads, seal = words[1:] if len(words) < 5 else [*words[1:4], *words[4].split()]  # noqa: PLR2004
            if seal != _sealed([one.line for one in found], heads):
                problem = problem or f"line {number} does not seal the lines before it"
        elif len(words) == 5:  # noqa: PLR2004 - revision, module, SQL, chain, file
            revision, module, sql, link, name = words
            chain = _digest(f"{chain} {revision} {module} {sql} {name}")
            if chain != link:
                problem = problem or f"line {number} does not follow from the lines before it"
            chain = link
            found.append(Entry(revision, name, module, sql, link))
        else:
            problem = problem or f"line {number} is no entry"
    return found, problem if problem or head else "its last line, which names the head, is missing"


def _shape(project: Project) -> Iterator[Finding]:
    script = project.script
    by_id = {one.id: one for one in project.revisions}

    def labels(revision: str) -> tuple[str, ...]:
        return tuple(sorted(script.get_revision(revision).branch_labels))

    groups: dict[tuple[str, ...], list[str]] = {}
    for head in script.get_heads():
        groups.setdefault(labels(head), []).append(head)
    for heads in groups.values():
        if len(heads) > 1:
            newest = by_id[heads[-1]]
            yield Finding(
                rule=HEADS,
                happens=f"alembic upgrade head fails: {' and '.join(sorted(heads))} both follow"
                " what was there, and neither follows the other.",
                mend=f'# in {newest.path.name}\ndown_revision = "{heads[0]}"',
                revision=newest.id,
                file=newest.path,
                line=1,
            )
    bases = [
        one for one in project.revisions if not one.parents and not one.constant("branch_labels")
    ]
    # The chain is the one that most revisions stand in.
    bases.sort(key=lambda one: -len(_following(project, one.id)))
    for base in bases[1:]:
        yield Finding(
            rule=ORPHAN,
            happens=f"It follows nothing, so it may be applied before {bases[0].id} as well as"
            " after it.",
            mend=f'down_revision = "{_following(project, bases[0].id)[-1]}"\n'
            '# or, when it is a chain of its own:\nbranch_labels = ("its_name",)',
            revision=base.id,
            file=base.path,
            line=1,
        )
    for notice in project.notices:
        if "more than once" in notice:
            yield Finding(
                rule=TWICE,
                happens=f"{notice.rstrip('.')}: one of the two is never run.",
                mend="alembic revision --rev-id … writes an identifier of its own",
            )


def _following(project: Project, base: str) -> list[str]:
    """Returns a revision and all that follow it, parents before children."""
    found = [base]
    for one in project.revisions:
        if not set(found).isdisjoint(one.parents):
            found.append(one.id)
    return found


def _since(project: Project) -> Iterator[Finding]:
    """Compares with what stands at a git ref."""
    by_id = {one.id: one for one in project.revisions}
    for revision, landed in project.landed.items():
        now = by_id.get(revision)
        if now is None:
            yield Finding(
                rule=GONE,
                happens=f"A database at {revision} can neither be upgraded nor downgraded: Alembic"
                " does not know where it stands.",
                mend=f"git restore --source {project.since} -- {project.shown(landed.path)}",
                revision=revision,
                file=landed.path,
            )
            continue
        if now.path != landed.path:
            yield Finding(
                rule=RENAMED,
                happens=f"It stands at {project.since} as {landed.path.name}; who compares releases"
                " takes it for a new revision.",
                mend=f"git mv {project.shown(now.path)} {project.shown(landed.path)}",
                revision=revision,
                file=now.path,
                line=1,
            )
        if module_digest(now.source) != module_digest(landed.source):
            yield _edited(project, now, now.path, _first_difference(now.source, landed.source))
    yield from _stamped_since(project, by_id)


def _edited(project: Project, revision: Revision, file: Path, line: int | None) -> Finding:
    return Finding(
        rule=EDITED,
        happens="Databases that have it stay as they are, new ones become something else, and the"
        " next revision meets both.",
        mend=f"git restore --source {project.since or 'RELEASE'} -- {project.shown(file)}\n"
        "# and make the change a new revision",
        revision=revision.id,
        file=file,
        line=line,
    )


def _first_difference(now: str, before: str) -> int:
    pairs = zip(now.splitlines(), before.splitlines(), strict=False)
    return next((n for n, (new, old) in enumerate(pairs, start=1) if new != old), 1)


def _stamped_since(project: Project, by_id: Mapping[str, Revision]) -> Iterator[Finding]:
    """Compares the stamped SQL files of landed revisions."""
    if not project.ours or project.since is None:
        return
    files = {
        one.place.file
        for revision in project.revisions
        if revision.id in project.landed
        for one in revision.up
        if one.place and one.place.file.suffix == ".sql"
    }
    if not files:
        return
    folder = min(files).parents[1]
    top = top_folder(folder)
    said = git(top, "diff", "--name-only", "-z", project.since, "--", str(folder))
    there = git(top, "ls-tree", "-r", "-z", "--name-only", project.since, "--", str(folder))
    for name in filter(None, said.split("\0")):
        stamp = Path(name).name.split(".")[1:2]
        if not stamp or stamp[0] not in project.landed or stamp[0] not in by_id:
            continue
        if name not in there.split("\0"):
            continue  # it is new, and the revision that lists it shows that
        before = contents(top, project.since, [name])[name]
        path = top / name
        now = path.read_text(encoding="utf-8") if path.is_file() else ""
        if split(now) != split(before):
            line = _first_difference(now, before)
            yield _edited(project, by_id[stamp[0]], path, line)


def _frozen(project: Project, file: Path) -> Iterator[Finding]:
    """Compares with CHECKSUMS."""
    known, problem = _read(file)
    if problem:
        yield Finding(
            rule=CHAIN,
            happens=f"{project.shown(file)} was not written by the gate: {problem}.",
            mend=f"git restore -- {project.shown(file)}\nticket-schema gate freeze",
            file=file,
            line=1,
        )
    now = {one.revision: one for one in entries(project)}
    by_id = {one.id: one for one in project.revisions}
    for entry in known:
        current = now.get(entry.revision)
        free = project.since and entry.revision not in project.landed
        if current is None:
            yield Finding(
                rule=GONE,
                happens=f"A database at {entry.revision} can neither be upgraded nor downgraded:"
                " Alembic does not know where it stands.",
                mend=f"# bring {entry.file} back",
                revision=entry.revision,
                file=file,
            )
            continue
        path = by_id[entry.revision].path
        if current.file != entry.file:
            yield Finding(
                rule=RENAMED,
                happens=f"It landed as {entry.file}; who compares releases takes it for a new"
                " revision.",
                mend=f"git mv {current.file} {entry.file}",
                revision=entry.revision,
                file=path,
                line=1,
            )
        if current.module != entry.module and entry.revision not in project.landed:
            if free:
                yield _not_frozen(project, by_id[entry.revision])
            else:
                yield _edited(project, by_id[entry.revision], path, 1)
        elif current.sql != entry.sql:
            if free:
                yield _not_frozen(project, by_id[entry.revision])
                continue
            yield Finding(
                rule=RENDERED,
                happens="Its module is as it landed, and yet it renders other SQL: a file that it"
                " reads was edited, or Alembic or SQLAlchemy render it in another way now.",
                mend="# take the edit back and make it a new revision; or pin the library",
                revision=entry.revision,
                file=path,
                line=1,
            )
    for revision in now.keys() - {one.revision for one in known}:
        yield _not_frozen(project, by_id[revision])


def _not_frozen(project: Project, revision: Revision) -> Finding:
    return Finding(
        rule=NOT_FROZEN,
        happens="Two branches that both add a revision would merge without a conflict, and the"
        " deploy would meet two heads.",
        mend="ticket-schema gate freeze" + (f" --since {project.since}" if project.since else ""),
        revision=revision.id,
        file=revision.path,
        line=1,
    )
