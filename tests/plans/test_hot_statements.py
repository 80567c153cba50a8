"""Each hot call reads by tenant and key, however many tickets there are.

Two witnesses: the server's own counters of scans and rows read, on every server, and the plan of
each statement inside the call, where the server has auto_explain.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support import databases, volume
from support.databases import Database
from support.factories import Make, blockhash, signature
from support.servers import Server
from support.session import Session
from support.volume import Filled

# A table below this is read whole by a sensible planner.
BIG = 5000
# No hot call has to look at more rows of one table.
ROWS_READ = 60


@dataclass
class World:
    """The rows that the calls are about, in a tenant among many."""

    tenant: UUID
    user: UUID
    friend: UUID
    kind: dict[str, Any]
    ticket: UUID
    number: str
    order: UUID
    reservation: UUID
    transfer: UUID
    extra: dict[str, Any] = field(default_factory=dict)


Call = Callable[[Session, World], object]


def _reserve(db: Session, world: World) -> object:
    return db.run(
        "INSERT INTO ticketing.reservations"
        " (tenant_id, event_id, ticket_type_id, user_id, quantity) VALUES (%s, %s, %s, %s, 2)",
        *(world.tenant, world.kind["event_id"], world.kind["id"], world.user),
    )


def _status(table: str, attribute: str, status: str, **more: str) -> Call:
    columns = {"status": status, **more}
    sets = ", ".join(f"{column} = %s" for column in columns)

    def call(db: Session, world: World) -> object:
        changed = db.run(
            f"UPDATE ticketing.{table} SET {sets} WHERE tenant_id = %s AND id = %s",
            *(getattr(world, value, value) for value in columns.values()),
            *(world.tenant, getattr(world, attribute)),
        )
        assert changed == 1
        return changed

    return call


def _query(query: str, *attributes: str, rows: int = 1) -> Call:
    def call(db: Session, world: World) -> object:
        found = db.all(query, *(getattr(world, name) for name in attributes))
        assert len(found) == rows, found
        return found

    return call


def _offer(db: Session, world: World) -> object:
    db.run(
        "UPDATE ticketing.ticket_transfers SET status = 'cancelled' WHERE tenant_id = %s"
        " AND id = %s",
        world.tenant,
        world.transfer,
    )
    return db.run(
        "INSERT INTO ticketing.ticket_transfers (tenant_id, ticket_id, from_user_id, to_email)"
        " VALUES (%s, %s, %s, 'friend@example.org')",
        *(world.tenant, world.ticket, world.user),
    )


def _scan(db: Session, world: World) -> object:
    """Lets the ticket in, whatever the time; uploads that again; scans it once more."""
    db.run(
        "UPDATE ticketing.ticket_transfers SET status = 'cancelled' WHERE tenant_id = %s"
        " AND id = %s",
        world.tenant,
        world.transfer,
    )
    entry = (
        "SELECT result FROM ticketing.record_scan_attempt(%s, %s, %s, p_device_id => 'gate',"
        " p_client_nonce => '1', p_offline => TRUE, p_forced => TRUE)"
    )
    repeat = (
        "SELECT ticket_status FROM ticketing.record_scan_attempt(%s, %s, %s,"
        " p_admission_period => 'day 2')"
    )
    values = world.tenant, world.ticket, world.kind["event_id"]
    found = [db.value(query, *values) for query in (entry, entry, repeat)]
    assert found == ["valid", "valid", "checked_in"]
    return found


def _request(db: Session, world: World) -> object:
    """Runs a request, answers it, and replays the answer."""
    acquire = (
        "SELECT * FROM ticketing.acquire_idempotency_key("
        "%s, 'key', 'POST /orders', repeat('a', 64), 'orders')"
    )
    key = db.one(acquire, world.tenant)
    assert key["outcome"] == "acquired"
    assert db.value(
        "SELECT ticketing.complete_idempotency_key(%s, 'completed', 201, '{}', p_lock_token => %s)",
        *(key["key_id"], key["lock_token"]),
    )
    again = db.one(acquire, world.tenant)
    assert again["outcome"] == "replay"
    return again


def _mint(db: Session, world: World) -> object:
    """Records a mint and confirms it."""
    mint = signature()
    db.one(
        "SELECT ticketing.create_pending_transaction("
        "%s, %s, 'mint', %s, NULL, NULL, NULL, %s, 1000)",
        *(world.tenant, mint, world.ticket, blockhash()),
    )
    assert db.value("SELECT ticketing.has_pending_transaction(%s)", world.ticket)
    assert db.value("SELECT ticketing.confirm_transaction(%s, 5000, now(), %s)", mint, blockhash())
    found = db.one("SELECT * FROM ticketing.get_pending_transaction_status(%s)", mint)
    assert found["status"] == "confirmed"
    return found


CALLS: dict[str, Call] = {
    "set the context": _query(
        "SELECT ticketing.set_tenant_context(%s, %s, 'staff')", "tenant", "user"
    ),
    "reserve": _reserve,
    "confirm a reservation": _status("reservations", "reservation", "confirmed", order_id="order"),
    "release a reservation": _status(
        "reservations", "reservation", "cancelled", release_reason="changed my mind"
    ),
    "revoke a ticket": _status("tickets", "ticket", "revoked", status_reason="fraud"),
    "offer a transfer": _offer,
    "ticket by id": _query(
        "SELECT * FROM ticketing.tickets WHERE tenant_id = %s AND id = %s", "tenant", "ticket"
    ),
    "ticket by id alone": _query("SELECT * FROM ticketing.tickets WHERE id = %s", "ticket"),
    "ticket by number": _query(
        "SELECT * FROM ticketing.tickets WHERE ticket_number = %s", "number"
    ),
    "tickets of a user": _query("SELECT * FROM ticketing.tickets WHERE user_id = %s", "user"),
    "tickets of an order": _query("SELECT * FROM ticketing.tickets WHERE order_id = %s", "order"),
    "may it check in": _query("SELECT ticketing.can_check_in_ticket(%s)", "ticket"),
    "scan a ticket": _scan,
    "was it just let in": _query("SELECT * FROM ticketing.check_duplicate_scan(%s)", "ticket"),
    "history of a ticket": _query(
        "SELECT * FROM ticketing.get_ticket_state_history(%s)", "ticket", rows=1
    ),
    "run a request once": _request,
    "mint a ticket": _mint,
    "search": _query("SELECT * FROM ticketing.search_tickets(%s)", "number"),
    "spend": _query(
        "SELECT * FROM ticketing.check_and_record_spending(%s, 100, 'USD', 'an order')", "user"
    ),
    "is it locked": _query("SELECT ticketing.is_locked(%s::text, 'user_id', '192.0.2.1')", "user"),
    "record a failed attempt": _query(
        "SELECT * FROM ticketing.record_failed_attempt(%s::text, 'user_id', '192.0.2.1')", "user"
    ),
    "holders of a ticket": _query(
        "SELECT * FROM ticketing.get_ticket_transfer_history(%s)", "ticket", rows=0
    ),
}


@pytest.fixture(scope="module")
def filled(server: Server, template: Database) -> Iterator[Filled]:
    with databases.database(server, template.name) as made:
        yield volume.fill(made)


@contextmanager
def calling(filled: Filled) -> Iterator[tuple[Session, World]]:
    """Makes the rows of the calls and logs in as a service; nothing of it is kept."""
    tenant = filled.tenants[41]
    with psycopg.connect(filled.database.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        user, friend = make.id("users", tenant), make.id("users", tenant)
        kind = make.ticket_type(tenant, 100)
        order = make.id("orders", tenant, user_id=user)
        ticket = make.row(
            "tickets",
            tenant,
            ticket_type_id=kind["id"],
            status="active",
            user_id=user,
            order_id=order,
        )
        world = World(
            tenant=tenant,
            user=user,
            friend=friend,
            kind=kind,
            ticket=ticket["id"],
            number=ticket["ticket_number"],
            order=order,
            reservation=make.id("reservations", tenant, ticket_type_id=kind["id"], user_id=user),
            transfer=make.id("ticket_transfers", tenant, ticket_id=ticket["id"]),
        )
        try:
            yield db, world
        finally:
            connection.rollback()


@contextmanager
def as_service(db: Session, tenant: UUID) -> Iterator[None]:
    with db.logged_in("ts_test_app"):
        db.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
        db.all("SELECT set_config('app.actor_type', 'admin', TRUE)")
        db.all("SELECT set_config('app.status_change_reason', 'asked for', TRUE)")
        yield


COUNTERS = """
    SELECT relname, seq_tup_read, coalesce(idx_tup_fetch, 0) AS idx_tup_fetch
    FROM pg_stat_xact_user_tables WHERE schemaname = 'ticketing'
"""


@pytest.mark.parametrize("name", CALLS)
def test_a_call_reads_few_rows_and_scans_no_big_table(filled: Filled, name: str) -> None:
    with calling(filled) as (db, world):
        before = {row["relname"]: row for row in db.all(COUNTERS)}
        with as_service(db, world.tenant):
            CALLS[name](db, world)
        after = {row["relname"]: row for row in db.all(COUNTERS)}
    for table, row in after.items():
        for counter in ("seq_tup_read", "idx_tup_fetch"):
            read = row[counter] - before[table][counter]
            small = counter == "seq_tup_read" and filled.rows[table] < BIG
            assert small or read <= ROWS_READ, f"{name}: {counter} of {table}: {read}"


@pytest.mark.parametrize("name", CALLS)
def test_each_statement_of_a_call_looks_up_by_tenant_and_key(filled: Filled, name: str) -> None:
    plans: list[dict[str, Any]] = []

    def keep(notice: psycopg.errors.Diagnostic) -> None:
        found = re.match(r"duration: .* plan:\n(.*)", notice.message_primary or "", re.DOTALL)
        if found:
            plans.append(json.loads(found[1]))

    with calling(filled) as (db, world):
        try:
            db.run("LOAD 'auto_explain'")
        except psycopg.errors.UndefinedFile:
            pytest.skip("this server has no auto_explain; the container image of CI has")
        db.connection.add_notice_handler(keep)
        for setting, value in {
            "log_min_duration": "0",
            "log_nested_statements": "on",
            "log_format": "json",
            "log_level": "notice",
        }.items():
            db.run(f"SET LOCAL auto_explain.{setting} = {value}")
        with as_service(db, world.tenant):
            plans.clear()
            CALLS[name](db, world)
            db.all("SELECT 1")  # a plan is told when the next statement ends its cursor
            seen = list(plans)
    assert seen, "auto_explain said nothing"
    for plan in seen:
        for node in nodes(plan["Plan"]):
            assert_by_index(node, filled, plan["Query Text"])


def nodes(node: dict[str, Any], relation: str | None = None) -> Iterator[dict[str, Any]]:
    """Yields each node of a plan; a bitmap's index scan is given its parent's table."""
    relation = node.get("Relation Name", relation)
    yield {"Relation Name": relation, **node}
    for child in node.get("Plans", ()):
        yield from nodes(child, relation)


def assert_by_index(node: dict[str, Any], filled: Filled, query: str) -> None:
    table = node["Relation Name"]
    if filled.rows.get(table, 0) < BIG:
        return
    assert node["Node Type"] != "Seq Scan", f"{table} is read whole by: {query}"
    if node["Node Type"] in {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}:
        condition = node.get("Index Cond", "")
        if node.get("Index Name") == "idx_tickets_search_vector":
            # Tenant and word are one there: each word stands behind its tenant.
            assert "tenant_lexemes(tenant_id, search_vector) @@ " in condition
            return
        # The lockouts of the platform have none.
        by_tenant = "tenant_id = " in condition or "tenant_id IS NULL" in condition
        assert by_tenant, f"{table}: {condition} in: {query}"
        assert condition.count(" = ") > 1, f"{table}: {condition} in: {query}"
