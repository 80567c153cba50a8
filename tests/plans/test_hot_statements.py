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
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support import databases, volume
from support.databases import Database
from support.factories import Make, blockhash, overdue, signature
from support.passes import TOKEN, TYPE
from support.servers import Server
from support.session import Session
from support.volume import Filled

# A table below this is read whole by a sensible planner.
BIG = 5000
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
# Read from the front until there is enough, by nothing but the tenant.
QUEUES = {"idx_request_tickets_queue", "idx_ticket_passes_due", "idx_ticket_passes_unsent"}
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
    request: UUID
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


def _of_hold(query: str, *more: str) -> Call:
    def call(db: Session, world: World) -> object:
        return db.one(query, world.extra["hold"], *more)

    return call


def _hold(quantity: int) -> Call:
    def call(db: Session, world: World) -> object:
        zone = world.extra["zone"]
        return db.one(
            "SELECT * FROM ticketing.create_hold(%s, %s, %s, 'a new key')",
            *(zone["event_id"], zone["id"], quantity),
        )

    return call


def _pay(db: Session, world: World) -> object:
    """Records a payment from the webhook, twice, and writes by the version that was read."""
    pay = (
        "SELECT outcome FROM ticketing.record_payment("
        "%s, 'stripe', 'pi_1', 100, 'USD', 'succeeded')"
    )
    assert [db.value(pay, world.order) for _ in range(2)] == ["recorded", "repeated"]
    db.one("SELECT ticketing.lock_version('tickets', %s, 1)", world.ticket)
    changed = db.run(
        "UPDATE ticketing.tickets SET seat = '1' WHERE tenant_id = %s AND id = %s"
        " AND ticketing.require_version(version, 1)",
        *(world.tenant, world.ticket),
    )
    assert changed == 1
    return changed


def _import(db: Session, world: World) -> object:
    """Imports a ticket with its passes, again, and once more when it is void."""
    bring_in = (
        "SELECT outcome FROM ticketing.import_external_ticket("
        "'partner', 'it_1', %s, %s, 'ada@example.org', %s)"
    )
    found = [
        db.value(bring_in, world.kind["event_id"], world.kind["id"], status)
        for status in ("valid", "valid", "voided", "voided")
    ]
    assert found == ["imported", "unchanged", "voided", "unchanged"]
    return found


def _build_and_deliver(db: Session, world: World) -> object:
    """Takes one pass from the queue through to its holder."""
    row = db.one("SELECT * FROM ticketing.claim_ticket_passes('worker', 'produce', 1)")
    values = row["id"], row["claim_number"], row["pass_version"]
    assert db.value("SELECT ticketing.mark_ticket_pass_produced(%s, %s, %s)", *values) == "produced"
    # The copies around it are of tickets that there are not, which a foreign key would tell.
    first = (
        "UPDATE ticketing.ticket_passes SET next_attempt_at = %s WHERE tenant_id = %s AND id = %s"
    )
    db.run(first, LONG_AGO, world.tenant, row["id"])
    row = db.one("SELECT * FROM ticketing.claim_ticket_passes('worker', 'send', 1)")
    values = row["id"], row["claim_number"], row["pass_version"]
    assert db.value("SELECT ticketing.mark_ticket_pass_sent(%s, %s, %s)", *values) == "sent"
    return row


def _device(db: Session, world: World) -> object:
    """Registers a device, asks what changed, and unregisters it."""
    number = world.extra["pass"]["serial_number"]
    register = "SELECT ticketing.register_pass_device('phone', %s, %s, 'push', %s)"
    unregister = "SELECT ticketing.unregister_pass_device('phone', %s, %s, %s)"
    changed = "SELECT serial_numbers FROM ticketing.list_changed_passes('phone', %s)"
    assert db.value(register, TYPE, number, TOKEN) == "created"
    assert db.value(changed, TYPE) == [number]
    assert db.value(unregister, TYPE, number, TOKEN) == "deleted"
    return number


def _hand_over(db: Session, world: World) -> object:
    """Withdraws one offer, has another declined, and hands the ticket over with a third."""
    db.one("SELECT * FROM ticketing.cancel_transfer(%s)", world.transfer)
    start = (
        "SELECT transfer_id FROM ticketing.start_transfer("
        "%s, 'friend@example.org', repeat('a', 64), %s)"
    )
    decline = "SELECT outcome FROM ticketing.reject_transfer(%s, repeat('a', 64))"
    accept = (
        "SELECT outcome FROM ticketing.accept_transfer("
        "%s, repeat('a', 64), %s, encode(sha256('new'), 'hex'))"
    )
    first = db.value(start, world.ticket, world.user)
    assert db.value(decline, first) == "rejected"
    second = db.value(start, world.ticket, world.user)
    answers = [db.value(accept, second, world.friend) for _ in range(2)]
    assert answers == ["completed", "replayed"]
    return answers


def _show_code(db: Session, world: World) -> object:
    """Gives the ticket a code and another one, and shows both at the door."""
    db.one("SELECT * FROM ticketing.cancel_transfer(%s)", world.transfer)
    reissue = "SELECT outcome FROM ticketing.reissue_ticket(%s, encode(sha256(%s), 'hex'))"
    scan = (
        "SELECT result FROM ticketing.scan_code(%s, encode(sha256(%s), 'hex'), %s,"
        " p_offline => TRUE, p_forced => TRUE, p_result => 'valid')"
    )
    found = [db.value(reissue, world.ticket, code) for code in (b"first", b"second")]
    for code in (b"first", b"second"):
        found.append(db.value(scan, world.tenant, code, world.kind["event_id"]))
    assert found == ["issued", "reissued", "revoked", "valid"]
    return found


def _sell(db: Session, world: World) -> object:
    """Reserves a cart of two types, confirms it, and refunds one of its tickets."""
    cart = (
        "SELECT reservation_id, outcome FROM ticketing.reserve_cart(%s, %s, 'a cart',"
        " p_user_id => %s)"
    )
    values = [world.kind["id"], world.extra["other_kind"]], [1, 1], world.user
    made = [db.all(cart, *values) for _ in range(2)]
    assert [row["outcome"] for rows in made for row in rows] == ["created"] * 2 + ["replayed"] * 2
    confirm = "SELECT ticket_ids FROM ticketing.confirm_reservation(%s, %s)"
    sold = db.all(confirm, made[0][0]["reservation_id"], world.order)
    assert len(sold) == 2
    ask = "SELECT refund_id FROM ticketing.request_refund(%s, 'rain', 'key', 100, %s)"
    refund = db.value(ask, world.order, sold[0]["ticket_ids"][0])
    db.one("SELECT ticketing.approve_refund(%s, %s)", refund, world.friend)
    db.one("SELECT ticketing.start_refund(%s, 'stripe')", refund)
    told = "SELECT outcome FROM ticketing.complete_refund(%s, 'stripe', 're_1', 100, 'USD')"
    assert [db.value(told, world.order) for _ in range(2)] == ["completed", "replayed"]
    cancel = "SELECT outcome FROM ticketing.cancel_reservation(%s, 'event_cancelled')"
    return db.all(cancel, made[0][0]["reservation_id"])


def _wait(db: Session, world: World) -> object:
    """Joins a queue, is served, and declines."""
    kind = world.extra["other_kind"]
    db.one("SELECT ticketing.set_ticket_quantity(%s, 0)", kind)
    join = "SELECT waitlist_id FROM ticketing.join_waitlist(%s, 1, %s)"
    place = db.value(join, kind, world.user)
    db.one("SELECT ticketing.set_ticket_quantity(%s, 1)", kind)
    assert db.value("SELECT waitlist_id FROM ticketing.offer_waitlist(%s)", kind) == place
    left = db.value("SELECT outcome FROM ticketing.leave_waitlist(%s)", place)
    assert left == "left"
    return left


def _discount(db: Session, world: World) -> object:
    """Uses a code, repeats that, and takes it back."""
    use = "SELECT outcome FROM ticketing.redeem_discount(%s, 'CODE')"
    order = world.extra["unpaid"]
    assert [db.value(use, order) for _ in range(2)] == ["redeemed", "replayed"]
    db.one("SELECT ticketing.reverse_discount(%s, 'CODE')", order)
    of_type = "SELECT outcome FROM ticketing.redeem_discount(%s, 'TYPE', NULL, %s)"
    return db.value(of_type, order, world.reservation)


CALLS: dict[str, Call] = {
    "sell a cart and take it back": _sell,
    "wait and be served": _wait,
    "use a code": _discount,
    "hand a ticket over": _hand_over,
    "show a code": _show_code,
    "record a payment": _pay,
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
    "write an event": _query(
        "INSERT INTO ticketing.outbox (tenant_id, aggregate_type, aggregate_id, event_type,"
        " payload) VALUES (%s, 'order', 'a', 'order.paid', '{}') RETURNING id",
        "tenant",
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
    "hold places": _hold(2),
    "hold overdue places": _hold(98),
    "confirm a hold": _of_hold("SELECT * FROM ticketing.confirm_hold(%s, %s)", "key"),
    "release a hold": _of_hold("SELECT * FROM ticketing.release_hold(%s)"),
    "make a request": _query(
        "SELECT * FROM ticketing.create_request_ticket(9, '{}', '', '/media', %s)", "user"
    ),
    "request by id": _query("SELECT * FROM ticketing.get_request_ticket(%s)", "request"),
    "requests of a user": _query(
        "SELECT * FROM ticketing.list_request_tickets('pending', %s)", "user"
    ),
    "claim requests": _query(
        "SELECT * FROM ticketing.claim_request_tickets('worker', 10)", rows=10
    ),
    "complete a request": _query("SELECT * FROM ticketing.complete_request_ticket(%s)", "request"),
    "cancel a request": _query(
        "SELECT * FROM ticketing.cancel_request_ticket(%s, p_cancelled_by => %s)",
        *("request", "user"),
    ),
    "make passes of a ticket": _query(
        "SELECT * FROM ticketing.create_ticket_passes(%s)", "ticket", rows=2
    ),
    "claim passes to build": _query(
        "SELECT * FROM ticketing.claim_ticket_passes('worker', 'produce', 10)", rows=10
    ),
    "claim passes to deliver": _query(
        "SELECT * FROM ticketing.claim_ticket_passes('worker', 'send', 10)", rows=10
    ),
    "build and deliver a pass": _build_and_deliver,
    "pass on a device": _device,
    "import a ticket": _import,
    "events of a request": _query(
        "SELECT * FROM ticketing.audit_events WHERE ticket_id = %s ORDER BY seq", "request"
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
        order = make.id(
            "orders", tenant, user_id=user, subtotal_cents=5000, total_cents=5000, paid_cents=5000
        )
        make.id("discounts", tenant, code="CODE")
        make.id("discounts", tenant, code="TYPE", ticket_type_id=kind["id"])
        zone = make.row("zones", tenant, capacity=100)
        make.row("holds", tenant, zone_id=zone["id"], quantity=10, **overdue())
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
            reservation=make.id(
                "reservations",
                tenant,
                ticket_type_id=kind["id"],
                user_id=user,
                total_cents=500,
                currency="USD",
            ),
            transfer=make.id("ticket_transfers", tenant, ticket_id=ticket["id"]),
            request=make.id("request_tickets", tenant, created_by=user, priority=9),
            extra={
                "zone": zone,
                "other_kind": make.ticket_type(tenant, 100)["id"],
                "unpaid": make.id(
                    "orders", tenant, user_id=user, subtotal_cents=1000, total_cents=1000
                ),
                "hold": make.id("holds", tenant, zone_id=zone["id"], quantity=2),
                "pass": make.row(
                    "ticket_passes",
                    tenant,
                    ticket_id=ticket["id"],
                    next_attempt_at=LONG_AGO,
                    pass_type_id=TYPE,
                    auth_token_hash=TOKEN,
                ),
            },
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
    if node.get("One-Time Filter") == "false":
        return  # nothing below it is ever run
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
        if node.get("Index Name") in QUEUES:
            return
        assert condition.count(" = ") > 1, f"{table}: {condition} in: {query}"
