"""Two tenants with rows in every table: what the tests of isolation act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from support import databases
from support.databases import Database
from support.factories import FACTORIES, TABLES, Make, Row, overdue
from support.servers import Server
from support.session import Session

APP, WORKER, READONLY, NOBODY = (
    "ts_test_app",
    "ts_test_worker",
    "ts_test_readonly",
    "ts_test_nobody",
)

NEVER_INSERTED = {
    "tenants",
    "ticket_inventory",
    "zone_inventory",
    "ticket_credentials",
    "ticket_scans",
    "ticket_state_history",
    "account_lockout_events",
    "audit_events",
}
# Rows that may be deleted only once they have expired.
EXPIRED = {"idempotency_keys": overdue()}
# Who inserts rows of a table; the superuser stands in for what a trigger or a function writes.
WRITERS = {
    **dict.fromkeys(TABLES, APP),
    **dict.fromkeys(("tenants", "users", "venues", "events", "orders", "webhook_nonces"), WORKER),
    "payments": WORKER,
    **dict.fromkeys(NEVER_INSERTED - {"tenants"}, None),
}
# Triggers that refuse a row before its foreign keys are looked at.
GUARDS = {"ticket_transfers": ["10_guard"], "holds": ["05_start_status"]}
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

    def rows(self, table: str, tenant: UUID) -> list[str]:
        """Returns what the superuser sees of a tenant."""
        query = f"SELECT t::text AS row FROM ticketing.{table} AS t WHERE {key(table)} = %s"
        return sorted(found["row"] for found in self.oracle(query, tenant))

    def fingerprint(self, tenant: UUID) -> dict[str, str]:
        """Returns a hash of the tenant's rows for each table."""
        query = " UNION ALL ".join(
            f"SELECT '{table}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS hash "
            f"FROM ticketing.{table} AS t WHERE {key(table)} = %(tenant)s"
            for table in TABLES
        )
        with self.superuser.cursor() as cursor:
            return dict(cursor.execute(query.encode(), {"tenant": tenant}).fetchall())

    def updatable(self, login: str, table: str) -> str | None:
        """Returns a column that a login may update, if there is one."""
        query = """
            SELECT min(attname::text) AS name FROM pg_attribute
            WHERE attrelid = %s::regclass AND attnum > 0
                AND has_column_privilege(%s, attrelid, attnum, 'UPDATE')
        """
        name: str | None = self.oracle(query, f"ticketing.{table}", login)[0]["name"]
        return name

    def inserts(self, login: str, table: str) -> bool:
        query = "SELECT has_table_privilege(%s, %s, 'INSERT') AS may"
        return bool(self.oracle(query, login, f"ticketing.{table}")[0]["may"])

    def attempt(
        self, login: str | None, tenant: UUID | None, query: str, *values: Any
    ) -> int | str:
        """Commits a statement of a login; returns the rows it touched, or the SQLSTATE."""
        with self.database.connect(login) as connection:
            try:
                with connection.transaction():
                    return enter(Session(connection), tenant).run(query, *values)
            except psycopg.Error as error:
                return error.sqlstate or str(error)

    @contextmanager
    def undone(self, login: str | None, tenant: UUID | None = None) -> Iterator[Session]:
        """Yields a session of a login whose transaction is rolled back."""
        with (
            self.database.connect(login) as connection,
            connection.transaction(force_rollback=True),
        ):
            yield enter(Session(connection), tenant)

    @contextmanager
    def writing(self, table: str) -> Iterator[Session]:
        """Yields a session of who writes a table in tenant A, with no guard before its keys."""
        with self.undone(None) as session, ExitStack() as stack:
            for guard in GUARDS.get(table, ()):
                stack.enter_context(session.unguarded(table, guard))
            writer = WRITERS[table]
            if writer is not None:
                stack.enter_context(session.acting(writer, tenant=self.a))
            yield session


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
        with made.connect() as superuser:
            ours, theirs = ({table: rows[tenant, table] for table in TABLES} for tenant in (a, b))
            yield World(made, superuser, a, b, drafts, ours, theirs)
