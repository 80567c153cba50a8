"""The axes of the matrix: what the catalog says there is, and what a superuser sees in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from .declared import CUSTOMER, DELETABLE, OWNER, TENANT_COLUMN, WORKER, Reach
from .world import World

GROUPS = ("ticketing_app", "ticketing_worker", "ticketing_readonly")

RELATIONS = """
    SELECT
        c.oid,
        c.relname AS name,
        c.relkind::text AS kind,
        n.nspname <> 'ticketing' AS stray,
        n.nspname || '.' || c.relname AS label,
        format('%I.%I', n.nspname, c.relname) AS sql,
        coalesce(k.columns, '{}') AS key,
        coalesce(a.columns, '{}') AS columns,
        coalesce(a.plain, '{}') AS plain,
        coalesce(u.app, '{}') AS app,
        coalesce(u.worker, '{}') AS worker,
        coalesce(u.readonly, '{}') AS readonly
    FROM pg_class AS c
    INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
        SELECT
            array_agg(a.attname::text ORDER BY a.attnum) AS columns,
            array_agg(a.attname::text ORDER BY a.attnum) FILTER (
                WHERE a.attidentity = '' AND NOT EXISTS (
                    SELECT FROM pg_constraint AS k
                    WHERE
                        k.conrelid = a.attrelid
                        AND k.contype IN ('p', 'f')
                        AND a.attnum = ANY (k.conkey)
                )
            ) AS plain
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ) AS a
    CROSS JOIN LATERAL (
        SELECT
            array_agg(a.attname::text ORDER BY a.attname) FILTER (
                WHERE has_column_privilege('ticketing_app', c.oid, a.attnum, 'UPDATE')
            ) AS app,
            array_agg(a.attname::text ORDER BY a.attname) FILTER (
                WHERE has_column_privilege('ticketing_worker', c.oid, a.attnum, 'UPDATE')
            ) AS worker,
            array_agg(a.attname::text ORDER BY a.attname) FILTER (
                WHERE has_column_privilege('ticketing_readonly', c.oid, a.attnum, 'UPDATE')
            ) AS readonly
        FROM pg_attribute AS a
        WHERE
            a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
            AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    ) AS u
    LEFT JOIN LATERAL (
        SELECT array_agg(a.attname::text ORDER BY p.position) AS columns
        FROM pg_index AS i
        CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS p (number, position)
        INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = p.number
        WHERE i.indrelid = c.oid AND i.indisprimary
    ) AS k ON TRUE
    WHERE
        c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
        AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    ORDER BY c.relkind = 'S', n.nspname, c.relname
"""


@dataclass(frozen=True)
class Relation:
    """A relation of the database under test.

    Args:
        oid: by which a right can be asked for without using the schema.
        name: without its schema.
        kind: pg_class.relkind.
        stray: whether it stands outside the schema.
        label: with its schema, for sentences.
        sql: with its schema, quoted.
        key: columns of the primary key.
        columns: those that are not generated.
        plain: those of them that are of no key and take any value.
        updatable: by group role, the columns that it may update.
    """

    oid: int
    name: str
    kind: str
    stray: bool
    label: str
    sql: str
    key: Sequence[str]
    columns: Sequence[str]
    plain: Sequence[str]
    updatable: dict[str, Sequence[str]]

    @property
    def is_table(self) -> bool:
        return self.kind in "rp"

    @property
    def copied(self) -> str:
        """What COPY is given; without columns it would tell generated ones or not, by who asks."""
        columns = ", ".join(f'"{column}"' for column in self.columns)
        return f"{self.sql} ({columns})"

    @property
    def tenant(self) -> str | None:
        """The column that names the tenant, if there is one."""
        column = TENANT_COLUMN.get(self.name, "tenant_id")
        return column if column in self.columns else None


@dataclass(frozen=True)
class Seen:
    """A row, as the superuser sees it.

    Args:
        digest: a hash of it.
        tenant: its tenant, None where the relation has no such column.
        place: its ctid, None outside tables.
        holds: the declared conditions that are true of it.
        line: the row as COPY writes it, None where that cannot be asked.
    """

    digest: str
    tenant: str | None
    place: str | None
    holds: frozenset[str]
    line: str | None


def every_relation(world: World) -> list[Relation]:
    """Returns every relation of the database that is not the system's."""
    with world.superuser.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(RELATIONS).fetchall()
    return [
        Relation(
            **{
                name: row[name]
                for name in (
                    "oid",
                    "name",
                    "kind",
                    "stray",
                    "label",
                    "sql",
                    "key",
                    "columns",
                    "plain",
                )
            },
            updatable={group: row[group.removeprefix("ticketing_")] for group in GROUPS},
        )
        for row in found
    ]


def conditions(
    name: str,
    users: Collection[str],
    declarations: Sequence[Mapping[str, Reach]] = (WORKER, OWNER, DELETABLE),
) -> list[str]:
    """Returns what is declared of the rows of a relation, as SQL on a row `t`."""
    found = []
    for reaches in declarations:
        reach = reaches.get(name)
        if reach is not None:
            found += [reach.select, reach.update, reach.delete]
    if name in CUSTOMER:
        reach = CUSTOMER[name]
        for user in users:
            found += [fitted(reach.select, user), fitted(reach.update, user)]
    return list(dict.fromkeys(text for text in found if text))


def fitted(condition: str | None, user: str | None) -> str | None:
    """Returns a condition with who asks filled in; somebody malformed is nobody."""
    if condition is None or user is None or "{user}" not in condition:
        return condition
    try:
        UUID(user)
    except ValueError:
        return "FALSE"
    return condition.replace("{user}", f"'{user}'::uuid")


def oracle(superuser: psycopg.Connection, relation: Relation, users: Collection[str]) -> list[Seen]:
    """Returns every row of a relation.

    Raises:
        psycopg.Error: the superuser cannot read it either.
    """
    texts = conditions(relation.name, users)
    tenant = f't."{relation.tenant}"::text' if relation.tenant else "NULL"
    place = "t.ctid::text" if relation.is_table else "NULL"
    held = "".join(f", ({text}) IS TRUE" for text in texts)
    query = f"SELECT md5(t::text), {tenant}, {place}{held} FROM {relation.sql} AS t"
    rows: list[Any] = superuser.execute(query.encode()).fetchall()
    lines: list[str | None] = [None] * len(rows)
    if relation.kind == "r":
        with superuser.cursor().copy(f"COPY {relation.copied} TO STDOUT".encode()) as copy:
            lines = [bytes(line).decode() for line in copy]
    return [
        Seen(
            digest,
            tenant,
            place,
            frozenset(text for text, true in zip(texts, held, strict=True) if true),
            line,
        )
        for (digest, tenant, place, *held), line in zip(rows, lines, strict=True)
    ]


def refusal(error: psycopg.Error) -> str:
    """Returns the SQLSTATE and the message of an error."""
    return f"{error.sqlstate or 'lost'} {error.diag.message_primary or error}"
