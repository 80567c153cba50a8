"""A database with many rows, for what must not grow with them.

Each table is filled from one row that its factory made: the copies get ids of their own, spread
over the tenants, and everything else as in that row. References of the copies lead nowhere.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from uuid import UUID

import psycopg
from psycopg import sql

from .databases import Database
from .factories import TABLES, Make
from .session import Session

TENANTS = 100
# In CI a tenth of what the design promises; plans must be the same.
TICKETS = int(os.environ.get("TICKET_SCHEMA_TEST_TICKETS", "100000"))

# Rows of a table for each ticket, where it is neither one in four nor a table that stays small.
SHARES = {"tickets": 1.0, "ticket_state_history": 1.0, "users": 0.5}
SMALL = {
    "tenants",
    "ticket_inventory",
    "zones",
    "zone_inventory",
    "venues",
    "events",
    "discounts",
    "ticket_bundles",
}

# What a copy has instead of the value of its pattern; g is the number of the copy.
VALUES = {
    ("pending_transactions", "network"): "t.network",
    ("pending_transactions", "tx_signature"): "rpad(translate(g::text, '0', 'z'), 88, 'y')",
    ("spending_limits", "currency"): "t.currency",
    ("spending_transactions", "transaction_type"): "t.transaction_type",
    ("ticket_credentials", "code_hash"): "encode(sha256(g::text::bytea), 'hex')",
    ("tickets", "status"): "(ARRAY['available', 'sold', 'active', 'active'])[1 + g % 4]",
    ("tickets", "user_id"): "CASE WHEN g % 4 > 0 THEN md5('user' || g % 50000)::uuid END",
    ("tickets", "purchaser_email"): "'buyer' || g || '@example.org'",
    ("tickets", "section"): "'S' || g % 40",
    ("tickets", "row"): "'R' || g % 30",
    ("tickets", "seat"): "'P' || g",
    ("ticket_passes", "channel"): "(ARRAY['apple_wallet', 'google_wallet'])[1 + g % 2]",
    ("ticket_passes", "status"): (
        "(ARRAY['pending', 'produced', 'sent', 'sent', 'sent', 'sent'])[1 + g / 100 % 6]"
    ),
    ("ticket_passes", "produced_at"): "t.created_at",
    ("ticket_passes", "delivered_at"): "t.created_at",
    ("outbox", "aggregate_id"): "'ticket-' || g",
}

COLUMNS = """
    SELECT a.attname AS name, a.atttypid = 'uuid'::regtype AS is_uuid,
        EXISTS (
            SELECT 1 FROM pg_index AS i
            WHERE i.indrelid = a.attrelid AND i.indisunique AND a.attnum = ANY (i.indkey)
        ) AND a.atttypid = 'text'::regtype AS is_unique_text
    FROM pg_attribute AS a
    WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
        AND a.attgenerated = '' AND a.attidentity = ''
    ORDER BY a.attnum
"""


@dataclass(frozen=True)
class Filled:
    """A filled database.

    Args:
        database: where it is.
        tenants: whose rows they are, each as many as the others.
        rows: how many rows each table has.
    """

    database: Database
    tenants: list[UUID]
    rows: dict[str, int]


def fill(target: Database) -> Filled:
    """Fills a migrated database and returns what is in it."""
    with psycopg.connect(target.superuser_url) as connection:
        session = Session(connection)
        make = Make(session)
        tenants = [make.tenant() for _ in range(TENANTS)]
        patterns = {table: make.row(table, tenants[0]) for table in TABLES if table not in SMALL}
        session.run("SET LOCAL session_replication_role = replica")  # no triggers, no references
        for table, pattern in patterns.items():
            if "id" in pattern:
                _copy(session, table, pattern["id"], tenants)
    with target.connect() as connection:
        connection.execute("VACUUM (ANALYZE)")
        counts = connection.execute(
            "SELECT relname, reltuples::bigint FROM pg_class"
            " WHERE relnamespace = 'ticketing'::regnamespace AND relkind = 'r'"
        ).fetchall()
    return Filled(target, tenants, dict(counts))


def _copy(session: Session, table: str, pattern: object, tenants: list[UUID]) -> None:
    names, values = [], []
    for column in session.all(COLUMNS, f"ticketing.{table}"):
        name = column["name"]
        own = sql.SQL("t.{}").format(sql.Identifier(name))
        if (table, name) in VALUES:
            value: sql.Composable = sql.SQL(VALUES[table, name].replace("%", "%%"))
        elif name == "tenant_id":
            value = sql.SQL("(%(tenants)s::uuid[])[1 + g %% cardinality(%(tenants)s::uuid[])]")
        elif name == "id":
            value = sql.SQL("gen_random_uuid()")
        elif column["is_uuid"]:
            value = sql.SQL("CASE WHEN {} IS NOT NULL THEN gen_random_uuid() END").format(own)
        elif column["is_unique_text"] and name not in {"status", "entity"}:
            value = sql.SQL("{} || g").format(own)
        else:
            value = own
        names.append(sql.Identifier(name))
        values.append(value)
    query = sql.SQL(
        "INSERT INTO ticketing.{table} ({names}) SELECT {values}"
        " FROM ticketing.{table} AS t, generate_series(1, %(count)s) AS g WHERE t.id = %(id)s"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(names),
        values=sql.SQL(", ").join(values),
    )
    count = int(TICKETS * SHARES.get(table, 0.25))
    session.connection.execute(query, {"tenants": tenants, "count": count, "id": pattern})
