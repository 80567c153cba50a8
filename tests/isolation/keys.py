"""Keys between two tenants: what one has, another neither refers to, nor lacks, nor learns of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
from psycopg.rows import dict_row

from support.factories import Row
from support.session import Session

from .axes import refusal
from .declared import GRANTED
from .world import APP, UNIQUE_VALUES, WORKER, World, enter, insert

ABSENT = "23503"
# What a row must be besides, to have a reference at all.
FITTING: dict[tuple[str, str], Row] = {
    ("holds", "order_id"): {
        "status": "confirmed",
        "confirmed_at": datetime(2026, 1, 1, tzinfo=UTC),
        "confirm_idempotency_key": "key",
    },
    ("spending_transactions", "reverses_id"): {"transaction_type": "reversal"},
}
# Triggers that refuse a row before its foreign keys are looked at.
GUARDS = {"ticket_transfers": ["10_guard"], "holds": ["05_start_status"]}
# Tables whose unique values two tenants cannot share, by design.
NOT_SHARED = {
    "tenants": "the short name of a tenant",
    "webhook_nonces": "a nonce of an endpoint",
    "ticket_inventory": "the key is the ticket type itself",
    "zone_inventory": "the key is the zone itself",
    "account_lockout_events": "an event that may have no tenant",
    "tenant_access_violations": "an event that may have no tenant",
    "context_keys": "the name of a key of the application",
    "outbox_cursors": "the name of a consumer of all events",
}
REFERENCES = """
    SELECT
        c.conname AS name,
        t.relname AS "table",
        r.relname AS target,
        (
            SELECT array_agg(a.attname::text ORDER BY k.position)
            FROM unnest(c.conkey) WITH ORDINALITY AS k (number, position)
            INNER JOIN pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = k.number
        ) AS columns,
        (
            SELECT array_agg(a.attname::text ORDER BY k.position)
            FROM unnest(c.confkey) WITH ORDINALITY AS k (number, position)
            INNER JOIN pg_attribute AS a ON a.attrelid = c.confrelid AND a.attnum = k.number
        ) AS target_columns
    FROM pg_constraint AS c
    INNER JOIN pg_class AS t ON t.oid = c.conrelid
    INNER JOIN pg_class AS r ON r.oid = c.confrelid
    WHERE
        c.contype = 'f'
        AND c.connamespace = 'ticketing'::regnamespace
        AND c.confrelid <> 'ticketing.tenants'::regclass
    ORDER BY t.relname, c.conname
"""
# Columns of unique keys, but for the tenant and what refers to other rows.
UNIQUE = """
    SELECT c.relname AS "table", array_agg(DISTINCT a.attname::text) AS columns
    FROM pg_index AS i
    INNER JOIN pg_class AS c ON c.oid = i.indrelid
    INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE
        c.relnamespace = 'ticketing'::regnamespace
        AND i.indisunique
        AND a.attname <> 'tenant_id'
        AND a.attgenerated = ''
        AND NOT EXISTS (
            SELECT FROM pg_constraint AS f
            WHERE f.conrelid = i.indrelid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)
        )
    GROUP BY c.relname
    ORDER BY c.relname
"""


@dataclass(frozen=True)
class Writer:
    """Writes rows of tenant A as who writes them, past the triggers that would refuse them first.

    Args:
        world: the tenants.
        session: the superuser's, whose transaction is rolled back.
    """

    world: World
    session: Session

    def attempt(self, table: str, changes: Row) -> psycopg.Error | None:
        """Adds the draft of a table with some changes; returns what refused it."""
        row = {**self.world.drafts[self.world.a, table], **changes}
        query, values = insert(table, row)
        try:
            with self.session.connection.transaction(force_rollback=True), ExitStack() as stack:
                for guard in GUARDS.get(table, ()):
                    stack.enter_context(self.session.unguarded(table, guard))
                writer = writer_of(table)
                if writer is not None:
                    stack.enter_context(self.session.acting(writer, tenant=self.world.a))
                else:
                    enter(self.session, self.world.a)
                self.session.run(query, *values)
        except psycopg.Error as error:
            return error
        return None


def writer_of(table: str) -> str | None:
    """Returns who adds rows to a table; none where only a trigger or a function does."""
    of_app, of_worker, _ = GRANTED.get(table, "- - -").split()
    for login, commands in ((APP, of_app), (WORKER, of_worker)):
        if "i" in commands.lower():
            return login
    return None


def key_deviations(world: World, tables: Collection[str]) -> Iterator[tuple[str, str, list[str]]]:
    """Yields each key of some tables and what it does otherwise than it should.

    Args:
        world: two tenants in the database under test.
        tables: their names; each has a draft.
    """
    with world.superuser.cursor(row_factory=dict_row) as cursor:
        references = cursor.execute(REFERENCES).fetchall()
        unique = cursor.execute(UNIQUE).fetchall()
    with world.undone(None) as session:
        writer = Writer(world, session)
        for reference in references:
            table, name = reference["table"], reference["name"]
            if table in tables:
                said = reference_faults(writer, reference)
                yield table, name, [f"a reference by {name} of {table}: {fault}" for fault in said]
        for row in unique:
            table, columns = row["table"], row["columns"]
            if table in tables and table not in NOT_SHARED:
                values = f"the values of B in {', '.join(columns)} of {table}"
                said = unique_faults(writer, table, columns)
                yield table, "UNIQUE", [f"{values}: {fault}" for fault in said]


def reference_faults(writer: Writer, reference: dict[str, Any]) -> Iterator[str]:
    """Yields what is wrong with a reference to a row of B, and to one that is nowhere."""
    table, columns = reference["table"], reference["columns"]
    foreign = writer.world.theirs.get(reference["target"])
    if foreign is None:
        yield f"B has no row in {reference['target']}"
        return
    pairs = [
        (column, target)
        for column, target in zip(columns, reference["target_columns"], strict=True)
        if column != "tenant_id"
    ]
    fitting = next((FITTING[table, column] for column in columns if (table, column) in FITTING), {})
    told = []
    for whose, changes in (
        ("of B", {column: foreign[target] for column, target in pairs}),
        ("of nobody", {column: uuid4() for column, _ in pairs}),
    ):
        error = writer.attempt(table, {**fitting, **changes})
        if error is None:
            yield f"a row {whose} was accepted"
        elif error.sqlstate != ABSENT or error.diag.constraint_name != reference["name"]:
            yield f"a row {whose} was refused with {refusal(error)}"
        else:
            detail = re.sub(r"[0-9a-f-]{36}", "id", error.diag.message_detail or "")
            told.append((refusal(error), detail, error.diag.message_hint))
    if len(set(told)) > 1:
        yield f"a row of B and one of nobody are told apart: {told}"


def unique_faults(writer: Writer, table: str, columns: list[str]) -> Iterator[str]:
    """Yields what is wrong with a row of A that has the unique values of one of B."""
    theirs = writer.world.theirs[table]
    same = {column: theirs[column] for column in columns}
    empty = [column for column, value in same.items() if value is None]
    if empty:
        yield f"B has no value in {', '.join(empty)}"
    error = writer.attempt(table, {**UNIQUE_VALUES.get(table, {}), **same})
    if error is not None:
        yield f"A cannot have them: {refusal(error)}"
