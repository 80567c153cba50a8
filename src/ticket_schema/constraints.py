"""Constraints of tables that are in use: the SQL that adds, validates and drops them.

A constraint arrives NOT VALID in a short transaction, which makes every new row obey it, and is
validated in a later one, which reads the old rows under a lock that stops no reader and no writer.
Each text that this module returns is one transaction, for the runner as for psql.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from ticket_schema.errors import TicketSchemaError

_ADDED = re.compile(
    r"^ALTER TABLE (?P<table>[\w.]+)\s+ADD CONSTRAINT (?P<name>\w+) (?P<rule>.+?)\s+NOT VALID;",
    re.DOTALL,
)
_CHECK = re.compile(r"CHECK \((?P<condition>.+)\)", re.DOTALL)
_FOREIGN_KEY = re.compile(
    r"FOREIGN KEY \((?P<columns>.+?)\)\s+REFERENCES (?P<parent>[\w.]+) \((?P<referenced>.+?)\)"
)
_UNIQUE_INDEX = re.compile(
    r"^CREATE UNIQUE INDEX CONCURRENTLY \w+\s+ON (?P<table>[\w.]+) \((?P<columns>.+?)\)"
    r"(?:\s+WHERE (?P<condition>[^;]+))?;"
)

# Whoever holds one lock and waits for a second may close a circle with a writer. The server ends
# such a circle after deadlock_timeout, at the cost of whoever waits longest: this side gives up in
# half of that, so it is never the writer. A validation waits for rows as it goes, and there a
# writer who comes late into a circle can still be the one.
_GIVE_WAY = """-- From here on, give way before the server looks for a deadlock.
SELECT set_config(
    'lock_timeout',
    greatest(1, least(nullif(mine.setting::integer, 0), theirs.setting::integer / 2))::text,
    TRUE
)
FROM pg_catalog.pg_settings AS mine, pg_catalog.pg_settings AS theirs
WHERE mine.name = 'lock_timeout' AND theirs.name = 'deadlock_timeout';"""


@dataclass(frozen=True)
class Constraint:
    """A constraint as its stamped file adds it.

    Args:
        name: its name.
        table: the table, with its schema.
        parent: the table that it refers to; None for a CHECK.
        broken_by: query for the rows that break it.
        text: the file.
    """

    name: str
    table: str
    parent: str | None
    broken_by: str
    text: str


Group = tuple[Constraint, ...]


def parse(text: str) -> Constraint:
    """Returns the constraint that a stamped file adds.

    Args:
        text: an ALTER TABLE that adds one CHECK or FOREIGN KEY as NOT VALID, and its COMMENT.

    Raises:
        TicketSchemaError: it does not have that form.
    """
    added = _ADDED.match(text)
    rule = added["rule"] if added else ""
    check, key = _CHECK.fullmatch(rule), _FOREIGN_KEY.match(rule)
    if added is None or not (check or key):
        raise TicketSchemaError(
            "A file of sql/constraints does not add a CHECK or a FOREIGN KEY as NOT VALID.",
            hint=f"Write it as the others are written; it begins: {text.strip()[:60]!r}.",
        )
    table = added["table"]
    if key:
        columns, referenced = key["columns"].split(", "), key["referenced"].split(", ")
        mine = ", ".join(f"c.{column}" for column in columns)
        theirs = ", ".join(f"p.{column}" for column in referenced)
        query = (
            f"SELECT tenant_id, id FROM {table} AS c WHERE ({key['columns']}) IS NOT NULL"
            f" AND NOT EXISTS (SELECT FROM {key['parent']} AS p WHERE ({theirs}) = ({mine}))"
        )
        return Constraint(added["name"], table, key["parent"], query, text)
    condition = _one_line(check["condition"]) if check else ""
    query = f"SELECT tenant_id, id FROM {table} WHERE NOT ({condition})"
    return Constraint(added["name"], table, None, query, text)


def groups(found: Iterable[Constraint]) -> list[Group]:
    """Returns what is done together: neighbouring checks of one table, each foreign key alone.

    Together the checks take one short lock and one scan. A foreign key locks two tables, and two
    of them would lock more.

    Args:
        found: in the order in which they are added.
    """
    return [
        tuple(members)
        for _, members in groupby(found, key=lambda one: one.name if one.parent else one.table)
    ]


def adding(group: Group) -> list[str]:
    """Returns the transactions that make new rows obey, without a look at the old ones.

    Args:
        group: what is added together.
    """
    # What a run that was killed has left behind is made anew, whatever it is.
    texts = (f"{_dropping_left(one)}\n{one.text.strip()}" for one in group)
    return _locked(group[0], "SHARE ROW EXCLUSIVE", "\n".join(texts))


def validating(group: Group) -> str:
    """Returns the transaction that reads the old rows and makes the rule hold for all.

    Args:
        group: what was added together.
    """
    table = group[0].table
    lines = ["SET LOCAL statement_timeout = 0;", _validating_or_saying(group)]
    if group[0].parent:
        # Forced row level security bends the one big query that the server would like to run: it
        # overlooks orphans, or finds fault with good rows. Without the right to SELECT the server
        # tests row by row, as it does on INSERT, and nothing bends that (docs/adr/0009). The lock
        # comes first, so that no VACUUM can be at work on the table's entry in the catalog.
        lines = [
            f"LOCK TABLE {table} IN SHARE UPDATE EXCLUSIVE MODE;",
            _GIVE_WAY,
            "-- Without it each row is tested by itself, past row level security.",
            f"REVOKE SELECT ON {table} FROM CURRENT_ROLE;",
            "-- Should the server not do so after all, it fails instead of overlooking rows.",
            "SET LOCAL row_security = off;",
            *lines,
            f"GRANT SELECT ON {table} TO CURRENT_ROLE;",
        ]
    return "\n".join(lines)


def dropping(group: Group) -> list[str]:
    """Returns the transactions that take a group away, or what there is of it.

    Args:
        group: what was added together.
    """
    drops = ",\n    ".join(f"DROP CONSTRAINT IF EXISTS {one.name}" for one in group)
    return _locked(group[0], "ACCESS EXCLUSIVE", f"ALTER TABLE {group[0].table}\n    {drops};")


def duplicates(text: str) -> str | None:
    """Returns the query for the rows that a unique index refuses, None for any other index.

    Args:
        text: the stamped file of the index.
    """
    index = _UNIQUE_INDEX.match(text)
    if index is None:
        return None
    where = f" WHERE {_one_line(index['condition'])}" if index["condition"] else ""
    return (
        f"SELECT tenant_id, array_agg(id) AS ids FROM {index['table']}{where}"
        f" GROUP BY {index['columns']} HAVING count(*) > 1"
    )


def advice(query: str) -> str:
    """Returns the sentence that shows how to find rows that break a rule.

    Args:
        query: what finds them, as far as its reader sees them.
    """
    return f"Find and mend them as superuser or as each tenant: {query};"


def _locked(one: Constraint, mode: str, text: str) -> list[str]:
    if one.parent is None:
        return [text]
    # The second lock is not waited for long, and an autovacuum gives way only to who waits longer.
    return [
        "-- Alone first, with patience, so that an autovacuum gives way.\n"
        f"LOCK TABLE {one.parent} IN {mode} MODE;",
        f"LOCK TABLE {one.table} IN {mode} MODE;\n{_GIVE_WAY}\n"
        f"LOCK TABLE {one.parent} IN {mode} MODE;\n{text}",
    ]


def _dropping_left(one: Constraint) -> str:
    return f"""DO $left$
BEGIN
    IF EXISTS (
        SELECT
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conrelid = '{one.table}'::regclass AND k.conname = '{one.name}'
    ) THEN
        ALTER TABLE {one.table} DROP CONSTRAINT {one.name};
    END IF;
END;
$left$;"""


def _validating_or_saying(group: Sequence[Constraint]) -> str:
    table = group[0].table
    steps = ",\n        ".join(f"VALIDATE CONSTRAINT {one.name}" for one in group)
    hints = "\n                    ".join(
        f"WHEN '{one.name}' THEN '{_literal(advice(one.broken_by))}'" for one in group
    )
    return f"""DO $validate$
DECLARE
    v_rule text;
BEGIN
    ALTER TABLE {table}
        {steps};
EXCEPTION
    WHEN check_violation OR foreign_key_violation THEN
        GET STACKED DIAGNOSTICS v_rule = CONSTRAINT_NAME;
        RAISE EXCEPTION 'rows of {table} break %', v_rule
            USING
                ERRCODE = 'TK903',
                CONSTRAINT = v_rule,
                HINT = CASE v_rule
                    {hints}
                END;
END;
$validate$;"""


def _one_line(text: str) -> str:
    text = re.sub(r"\(\s*\n\s*", "(", text.strip())
    return re.sub(r"\s*\n\s*", " ", re.sub(r"\s*\n\s*\)", ")", text))


def _literal(text: str) -> str:
    return text.replace("'", "''")
