"""Two tenants with rows in every table: what the tests of isolation act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from support import databases
from support.databases import Database
from support.factories import FACTORIES, PLATFORM, TABLES, Make, Row, overdue
from support.servers import Server
from support.session import Session
from support.sweeps import CHORES

APP, WORKER, READONLY, NOBODY = (
    "ts_test_app",
    "ts_test_worker",
    "ts_test_readonly",
    "ts_test_nobody",
)

# What a worker may see of any tenant, because its time has come.
OVERDUE = [chore for chore in CHORES if not chore.task.startswith("prune_")]
# Rows that may be deleted only once they have expired.
EXPIRED = {"idempotency_keys": overdue()}
# A consumer that is behind would keep events from being deleted.
READ_ALL = {"outbox_cursors": {"seq": 10**9, "safe_seq": 10**9}}
# Values for the unique columns that the smallest row leaves empty.
UNIQUE_VALUES: dict[str, Row] = {
    "reservations": {"idempotency_key": "key"},
    "payments": {"provider_payment_id": "pi_1"},
    "refunds": {"provider": "stripe", "provider_refund_id": "re_1", "idempotency_key": "key"},
    "ticket_state_history": {"ticket_version": 7},
    "ticket_transfers": {"transfer_code": "code"},
    "ticket_scans": {"device_id": "d", "client_nonce": "n", "is_first_entry": True},
    "tickets": {
        "external_source": "partner",
        "external_id": "it_1",
        "section": "A",
        "row": "1",
        "seat": "1",
        "qr_code": "qr",
        "barcode": "bar",
        "is_nft": True,
        "token_mint": "1" * 32,
    },
}


@dataclass(frozen=True)
class World:
    """Two tenants with committed rows in every table, and for each a row not yet inserted.

    Args:
        drafts: by tenant and table, a valid row that is not inserted.
        ours: by table, a row of tenant A.
        theirs: by table, a row of tenant B with a value in every unique column.
    """

    database: Database
    superuser: psycopg.Connection
    a: UUID
    b: UUID
    drafts: dict[tuple[UUID, str], Row]
    ours: dict[str, Row]
    theirs: dict[str, Row]

    @contextmanager
    def on(self, database: Database) -> Iterator[World]:
        """Yields the same world in a copy of its database, which may have a defect."""
        with database.connect() as superuser:
            yield replace(self, database=database, superuser=superuser)

    def oracle(self, query: str, *values: Any) -> list[dict[str, Any]]:
        return Session(self.superuser).all(query, *values)

    def fingerprint(
        self, tenant: UUID, connection: psycopg.Connection | None = None
    ) -> dict[str, str]:
        """Returns a hash of the tenant's rows for each table, as a superuser sees them."""
        query = " UNION ALL ".join(
            f"SELECT '{table}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash "
            f"FROM ticketing.{table} AS t WHERE {key(table)} = %(tenant)s"
            for table in TABLES
        )
        with (connection or self.superuser).cursor() as cursor:
            return dict(cursor.execute(query.encode(), {"tenant": tenant}).fetchall())

    @contextmanager
    def undone(self, login: str | None, tenant: UUID | None = None) -> Iterator[Session]:
        """Yields a session of a login whose transaction is rolled back."""
        with (
            self.database.connect(login) as connection,
            connection.transaction(force_rollback=True),
        ):
            yield enter(Session(connection), tenant)


def key(table: str) -> str:
    """Returns the column that names the tenant."""
    return "id" if table == "tenants" else "tenant_id"


def enter(session: Session, tenant: UUID | str | None) -> Session:
    if tenant is not None:
        session.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
    return session


def draft(make: Make, table: str, tenant: UUID) -> Row:
    """Returns a valid row that is not inserted; the rows that it refers to are."""
    if table == "tenants":
        return {"id": tenant, "slug": f"again-{tenant}", "name": "Again"}
    if table == "ticket_inventory":
        kind = make.id("ticket_types", tenant)
        return {"tenant_id": tenant, "ticket_type_id": kind, "epoch": 2, "quantity": 1}
    if table == "zone_inventory":
        zone = make.id("zones", tenant)
        return {"tenant_id": tenant, "zone_id": zone, "epoch": 2, "capacity": 1}
    given: Row = {}
    if table == "tickets":
        given = {"status": "active", "user_id": make.id("users", tenant)}
    return {"tenant_id": tenant, **FACTORIES[table](make, tenant, given)}


def insert(table: str, row: Row, clause: str = "") -> tuple[str, list[Any]]:
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join(["%s"] * len(row))
    values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
    return f"INSERT INTO ticketing.{table} ({columns}) VALUES ({marks}) {clause}", values


def drift(make: Make, tenant: UUID) -> None:
    """Lets counters of the tenant differ from what they count, as no session of ours could."""
    kind, zone = make.id("ticket_types", tenant), make.id("zones", tenant)
    make.session.run(
        "UPDATE ticketing.ticket_inventory SET held_quantity = 1, quantity = 2 "
        "WHERE ticket_type_id = %s",
        kind,
    )
    make.session.run(
        "UPDATE ticketing.zone_inventory SET held_quantity = 1 WHERE zone_id = %s AND bucket = 0",
        zone,
    )


@contextmanager
def populated(server: Server, template: Database) -> Iterator[World]:
    """Yields two tenants, with committed rows, in a database of their own."""
    with databases.database(server, template.name) as made:
        with psycopg.connect(made.superuser_url) as connection:
            make = Make(Session(connection))
            a, b = make.tenant(), make.tenant()
            rows: dict[tuple[UUID, str], Row] = {}
            drafts: dict[tuple[UUID, str], Row] = {}
            for tenant in (a, b):
                for table in TABLES:
                    given = UNIQUE_VALUES.get(table, {}) if tenant == b else {}
                    given = EXPIRED.get(table, {}) | given
                    rows[tenant, table] = make.row(table, tenant, **given)
                    drafts[tenant, table] = draft(make, table, tenant)
                for table, factory in PLATFORM.items():
                    rows[tenant, table] = make.row(table, tenant, **READ_ALL.get(table, {}))
                    drafts[tenant, table] = factory(make, tenant, {})
                make.row("idempotency_keys", tenant)  # that has not expired
                for chore in OVERDUE:
                    chore.make(make, tenant)
                drift(make, tenant)
        with made.connect() as superuser:
            ours, theirs = (
                {table: rows[tenant, table] for table in (*TABLES, *PLATFORM)} for tenant in (a, b)
            )
            yield World(made, superuser, a, b, drafts, ours, theirs)
