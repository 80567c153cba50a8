"""What no catalog knows of a schema: its domains, what makes its tables grow, and its words."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from ticket_schema.docs.snapshot import Snapshot
from ticket_schema.errors import Exit, TicketSchemaError

Grows = Literal["fixed", "catalogue", "window", "for ever"]


@dataclass(frozen=True)
class Domain:
    """Tables and views that belong together.

    Args:
        key: short name for files and links.
        title: name for readers.
        line: what it holds, in one sentence.
        tables: names, in the order in which a reader should meet them.
        views: names, in the same way.
    """

    key: str
    title: str
    line: str
    tables: tuple[str, ...]
    views: tuple[str, ...] = ()


@dataclass(frozen=True)
class Growth:
    """What makes a table grow.

    Args:
        grows: "fixed" by migrations alone, "catalogue" with what people set up, "window" with
            traffic until its rows are deleted, "for ever" with traffic.
        by: what it grows with, empty when fixed.
        stays: which rows stay in a table from which others are deleted.
    """

    grows: Grows
    by: str = ""
    stays: str = ""


@dataclass(frozen=True)
class Term:
    """A word of the domain.

    Args:
        name: the word.
        meaning: one or more sentences.
        see: tables, views and functions, by name, where one meets it.
    """

    name: str
    meaning: str
    see: tuple[str, ...] = ()


@dataclass(frozen=True)
class Declared:
    """All that is declared of a schema; empty for one of which nothing is.

    Args:
        domains: in the order in which a reader should meet them.
        growth: by table.
        terms: by the alphabet.
    """

    domains: tuple[Domain, ...] = ()
    growth: dict[str, Growth] = field(default_factory=dict)
    terms: tuple[Term, ...] = ()

    def domain_of(self, relation: str) -> Domain | None:
        """Returns the domain of a table or view, None for one that stands in none.

        Args:
            relation: its name.
        """
        for domain in self.domains:
            if relation in domain.tables or relation in domain.views:
                return domain
        return None


def load(file: Path | None = None) -> Declared:
    """Returns what is declared in a file.

    Args:
        file: a TOML file shaped like `declared.toml`; that one, of this package, when None.

    Raises:
        TicketSchemaError: the file cannot be read, or says what it cannot say.
    """
    source = file if file is not None else files(__package__).joinpath("declared.toml")
    try:
        return _parsed(tomllib.loads(source.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise _refused(file, str(why)) from None
    except tomllib.TOMLDecodeError as error:
        raise _refused(file, str(error)) from None
    except KeyError as error:
        raise _refused(file, f"an entry lacks {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise _refused(file, str(error)) from None


def of(snapshot: Snapshot, file: Path | None = None) -> Declared:
    """Returns what is declared of the schema of a snapshot, nothing of what it does not have.

    Args:
        snapshot: what `ticket_schema.docs.snapshot.read` returned.
        file: a TOML file about this schema; without it schema `ticketing` alone is known.

    Raises:
        TicketSchemaError: see `load`.
    """
    if file is None and snapshot["schema"] != "ticketing":
        return Declared()
    declared = load(file)
    objects = snapshot["objects"]
    tables = objects.get("table", {})
    views = {**objects.get("view", {}), **objects.get("materialized view", {})}
    functions = {one["function"] for one in snapshot["structure"].get("functions", {}).values()}
    here = {*tables, *views, *functions}
    domains = [
        Domain(
            one.key,
            one.title,
            one.line,
            tuple(name for name in one.tables if name in tables),
            tuple(name for name in one.views if name in views),
        )
        for one in declared.domains
    ]
    terms = [
        Term(one.name, one.meaning, tuple(name for name in one.see if name in here))
        for one in declared.terms
    ]
    return Declared(
        tuple(one for one in domains if one.tables or one.views),
        {name: one for name, one in declared.growth.items() if name in tables},
        # A word that has no object here is a word of another schema.
        tuple(one for one in terms if one.see),
    )


def _parsed(text: dict[str, Any]) -> Declared:
    domains: list[Domain] = []
    growth: dict[str, Growth] = {}
    for one in text.get("domains", []):
        tables = one.get("tables", {})
        domains.append(
            Domain(
                one["key"], one["title"], one["line"], tuple(tables), tuple(one.get("views", ()))
            )
        )
        for name, facts in tables.items():
            if name in growth:
                raise ValueError(f"table {name} stands in two domains")
            if facts["grows"] not in get_args(Grows):
                raise ValueError(f"table {name} cannot grow {facts['grows']!r}")
            growth[name] = Growth(facts["grows"], facts.get("with", ""), facts.get("stays", ""))
    terms = [Term(one["name"], one["meaning"], tuple(one["see"])) for one in text.get("terms", [])]
    return Declared(
        tuple(domains), growth, tuple(sorted(terms, key=lambda term: term.name.lower()))
    )


def _refused(file: Path | None, why: str) -> TicketSchemaError:
    return TicketSchemaError(
        f"{file or 'declared.toml'} cannot be used: {why.rstrip('.')}.",
        hint="Write it like declared.toml in ticket_schema/docs.",
        exit_code=Exit.USAGE,
    )
