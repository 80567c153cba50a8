"""The catalog invariants that keep tenants apart, one query a rule.

Each file is one SELECT over the system catalogs that returns its offences, so that a DBA can run it
with psql, any login can, and a standby too. What departs from a rule on purpose stands in
`allowed.toml` with its reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import psycopg

ALLOWED = "allowed.toml"

# Rules that read the tables themselves: slow on large ones, and only for who sees every row.
READING_ROWS = frozenset({"orphans"})


@dataclass(frozen=True, order=True)
class Offence:
    """One thing that breaks a rule.

    Args:
        rule: name of the rule, which is that of its file.
        name: the object, such as `tickets`, `tickets.tickets_view_own` or `is_locked(text)`.
        detail: what is wrong with it.
        remedy: a statement or an instruction that mends it.
    """

    rule: str
    name: str
    detail: str
    remedy: str


def rules(*, reading_rows: bool = True) -> list[str]:
    """Returns the names of all rules, sorted.

    Args:
        reading_rows: whether to name those too that read the tables themselves.
    """
    return [rule for rule in sorted(_queries()) if reading_rows or rule not in READING_ROWS]


@cache
def allowed() -> dict[str, dict[str, str]]:
    """Returns what departs from a rule on purpose: rule, name of the object, reason."""
    text = files(__name__).joinpath(ALLOWED).read_text(encoding="utf-8")
    entries: dict[str, dict[str, str]] = tomllib.loads(text)
    return entries


def offences(connection: psycopg.Connection, rules: Iterable[str] | None = None) -> list[Offence]:
    """Returns what breaks the rules and is not allowed; nothing is written.

    Args:
        connection: any login; what it has open goes on, what it has set stays.
        rules: names of the rules to ask, without it all that this login can answer.

    Returns:
        Sorted by rule and name; empty for a sound schema, and for a database without it. A rule
        that the server refuses to answer is an offence too.
    """
    exempt = allowed()
    return [o for o in _found(connection, rules) if o.name not in exempt.get(o.rule, {})]


def stale(connection: psycopg.Connection) -> list[str]:
    """Returns the entries of the allow-list that match nothing, as "rule: name".

    Args:
        connection: to a database at head; at an older revision much is not there yet.
    """
    matched = {(offence.rule, offence.name) for offence in _found(connection, None)}
    return [
        f"{rule}: {name}"
        for rule, names in allowed().items()
        for name in names
        if (rule, name) not in matched
    ]


def sees_every_row(connection: psycopg.Connection) -> bool:
    """Returns whether row level security does not hold the current role.

    Args:
        connection: any login.
    """
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls FROM pg_catalog.pg_roles WHERE rolname = current_user"
    ).fetchone()
    return bool(row and row[0])


@cache
def _queries() -> dict[str, str]:
    return {
        file.name.removesuffix(".sql"): file.read_text(encoding="utf-8")
        for file in files(__name__).iterdir()
        if file.name.endswith(".sql")
    }


def _found(connection: psycopg.Connection, wanted: Iterable[str] | None) -> list[Offence]:
    if wanted is None:
        wanted = rules(reading_rows=sees_every_row(connection))
    found: list[Offence] = []
    # Rolled back, because a setting outlives the savepoint of a caller's transaction.
    with connection.transaction(force_rollback=True):
        # Expressions are printed with the names that the search path does not resolve.
        connection.execute("SET LOCAL search_path = pg_catalog")
        for rule in sorted(wanted):
            found += _answers(connection, rule)
    return sorted(found)


def _answers(connection: psycopg.Connection, rule: str) -> list[Offence]:
    try:
        with connection.transaction():
            rows = connection.execute(_queries()[rule].encode()).fetchall()
    except psycopg.Error as error:
        if connection.closed:
            raise
        what = f"cannot be answered: {str(error).strip()}"
        return [
            Offence(rule, "the catalog", what, "Ask again; if it stays, the catalog is broken.")
        ]
    return [Offence(rule, name, detail, remedy) for name, detail, remedy in rows]
