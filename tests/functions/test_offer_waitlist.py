"""offer_waitlist: what is free goes to the next people, and is held for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import in_turn, race
from support.sales import DRIFT, calls, counters, make_user, reserve
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def offer(db: Session, kind: UUID | None, **given: Any) -> list[Row]:
    return calls(db, "offer_waitlist", ticket_type_id=kind, **given)


def queue(make: Make, tenant: UUID, kind: UUID, *quantities: int, **given: Any) -> list[UUID]:
    """Lets people wait for so many each, and returns their places in order."""
    return [
        make.id("waitlist", tenant, ticket_type_id=kind, quantity=quantity, **given)
        for quantity in quantities
    ]


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    made: UUID = make.ticket_type(tenant, 4, price_cents=1500)["id"]
    return made


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_an_offer_holds_its_places(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, role: str
) -> None:
    place, _ = queue(make, tenant, kind, 2, 1)
    with db.acting(role, tenant=tenant):
        (made,) = offer(db, kind)
    entry = db.one("SELECT * FROM ticketing.waitlist WHERE id = %s", place)
    claim = db.one("SELECT * FROM ticketing.reservations")
    assert made == {
        "waitlist_id": place,
        "user_id": entry["user_id"],
        "reservation_id": claim["id"],
        "quantity": 2,
        "offer_expires_at": claim["expires_at"],
    }
    assert (entry["status"], entry["offer_count"]) == ("notified", 1)
    assert (entry["reservation_id"], entry["offer_expires_at"]) == (
        claim["id"],
        claim["expires_at"],
    )
    assert (claim["status"], claim["user_id"]) == ("pending", entry["user_id"])
    assert (claim["total_cents"], claim["currency"]) == (3000, "USD")
    left = claim["expires_at"] - datetime.now(UTC)
    assert timedelta(hours=3, minutes=59) < left <= timedelta(hours=4)
    assert counters(db, kind) == (2, 0, 2)


def test_by_priority_then_position(
    db: Session, make: Make, tenant: UUID, kind: UUID, as_tenant: Acting
) -> None:
    normal = queue(make, tenant, kind, 1, 1, 1)
    urgent = queue(make, tenant, kind, 1, priority=1)
    with as_tenant(tenant):
        served = [offer(db, kind)[0]["waitlist_id"] for _ in range(4)]
        assert offer(db, kind) == []
    assert served == [*urgent, *normal]


def test_several_at_once_as_long_as_places_suffice(
    db: Session, make: Make, tenant: UUID, kind: UUID, as_tenant: Acting
) -> None:
    one, two, three, four = queue(make, tenant, kind, 1, 2, 4, 1)
    with as_tenant(tenant):
        assert {r["waitlist_id"] for r in offer(db, kind, limit=2)} == {one, two}
        # The larger group keeps its place; the next whom one suffices is served.
        assert [r["waitlist_id"] for r in offer(db, kind, limit=10)] == [four]
        assert offer(db, kind, limit=10) == []
        db.run("SELECT ticketing.set_ticket_quantity(%s, 8)", kind)
        assert [r["waitlist_id"] for r in offer(db, kind)] == [three]
    assert counters(db, kind) == (8, 0, 0)


def test_who_has_bought_as_much_as_a_person_may_is_passed_over(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10, max_per_user=2)["id"]
    full = make.id("users", tenant)
    make.id("reservations", tenant, ticket_type_id=kind, user_id=full)
    queue(make, tenant, kind, 2, user_id=full)
    (behind,) = queue(make, tenant, kind, 2)
    with as_tenant(tenant):
        assert [r["waitlist_id"] for r in offer(db, kind, limit=5)] == [behind]


@pytest.mark.parametrize("limits", ["max_purchase = 2", "min_purchase = 3"])
def test_whom_no_offer_can_be_made_neither_stops_the_queue_nor_the_sale(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, as_tenant: Acting, limits: str
) -> None:
    queue(make, tenant, kind, 3 if "max" in limits else 2)
    db.run(f"UPDATE ticketing.ticket_types SET {limits}")
    quantity = 1 if "max" in limits else 3
    buyer = make.id("users", tenant)
    with as_tenant(tenant):
        assert reserve(db, kind, quantity, user_id=buyer)["outcome"] == "created"
    db.run("UPDATE ticketing.ticket_inventory SET quantity = 10")
    (behind,) = queue(make, tenant, kind, quantity)
    with as_tenant(tenant):
        with db.refused("TK111"):
            reserve(db, kind, quantity, user_id=buyer)
        assert [r["waitlist_id"] for r in offer(db, kind, limit=5)] == [behind]


def test_who_may_buy_no_more_does_not_stop_the_sale(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 10, max_per_user=2)["id"]
    full = make.id("users", tenant)
    make.id("reservations", tenant, ticket_type_id=kind, user_id=full)
    queue(make, tenant, kind, 2, user_id=full)
    with as_tenant(tenant):
        made = reserve(db, kind, 2, user_id=make_user(make, tenant))
    assert made["outcome"] == "created"


@pytest.mark.parametrize("status", ["notified", "converted", "expired", "cancelled"])
def test_only_those_who_wait_are_served(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, status: str
) -> None:
    (place,) = queue(make, tenant, kind, 1)
    if status in ("notified", "converted"):
        claim = make.id("reservations", tenant, ticket_type_id=kind)
        change = """
            UPDATE ticketing.waitlist
            SET status = 'notified', notified_at = now(), reservation_id = %s,
                offer_expires_at = now() + interval '1 hour'
        """
        db.run(change, claim)
    if status != "notified":
        make.advance("waitlist", place, status)
    with db.acting("ticketing_app", tenant=tenant):
        assert offer(db, kind, limit=10) == []


def test_a_second_offer_is_another_reservation(
    db: Session, make: Make, tenant: UUID, kind: UUID, as_tenant: Acting
) -> None:
    (place,) = queue(make, tenant, kind, 1)
    with as_tenant(tenant):
        (first,) = offer(db, kind)
    make.advance("waitlist", place, "active")
    with as_tenant(tenant):
        calls(db, "cancel_reservation", reservation_id=first["reservation_id"])
        (second,) = offer(db, kind)
    assert second["waitlist_id"] == place
    assert second["reservation_id"] != first["reservation_id"]
    assert db.value("SELECT offer_count FROM ticketing.waitlist") == 2
    assert counters(db, kind) == (1, 0, 3)


@pytest.mark.parametrize(
    "given",
    [
        {"limit": None},
        {"limit": 0},
        {"limit": 1001},
        {"time_to_live": None},
        {"time_to_live": timedelta(seconds=59)},
        {"time_to_live": timedelta(days=30, seconds=1)},
    ],
    ids=shown,
)
def test_arguments_out_of_range(db: Session, tenant: UUID, kind: UUID, given: Row) -> None:
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK001"):
        offer(db, kind, **given)


def test_an_unknown_or_foreign_type_and_one_off_sale(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    foreign = make.ticket_type(other_tenant)["id"]
    closed = make.ticket_type(tenant, 4, is_active=False)["id"]
    queue(make, tenant, closed, 1)
    with as_tenant(tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK108"):
                offer(db, absent)
        with db.refused("TK102"):
            offer(db, closed)


def test_who_may_call(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    kind: UUID,
    as_user: Acting,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    user = make.id("users", tenant)
    queue(make, tenant, kind, 1)
    with as_user(tenant, user), db.refused("TK119"):
        offer(db, kind)
    with as_user(tenant, user, "staff"), db.refused("TK202"):
        offer(db, kind)
    with as_readonly(tenant), db.refused("42501"):
        offer(db, kind)
    with as_worker(), db.refused("TK701"):
        offer(db, kind)


# --- callers that meet ---


def sale(clone: Database, stock: int, *quantities: int) -> tuple[UUID, UUID, list[UUID]]:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind = make.ticket_type(tenant, stock)["id"]
        return tenant, kind, queue(make, tenant, kind, *quantities)


def test_whoever_is_served_by_another_call_is_passed_over(clone: Database) -> None:
    tenant, kind, (one, two) = sale(clone, 2, 1, 1)

    def serve(connection: psycopg.Connection) -> list[UUID]:
        return [r["waitlist_id"] for r in offer(Session(connection), kind)]

    first, second, _ = in_turn(clone, "ts_test_worker", serve, serve, tenant=tenant)
    assert (first, second) == ([one], [two])


def test_nobody_waits_for_a_row_that_somebody_has(clone: Database) -> None:
    tenant, kind, (one, two) = sale(clone, 2, 1, 1)

    def touch(connection: psycopg.Connection) -> int:
        query = "UPDATE ticketing.waitlist SET priority = priority WHERE id = %s"
        return connection.execute(query.encode(), [one]).rowcount

    def serve(connection: psycopg.Connection) -> list[UUID]:
        return [r["waitlist_id"] for r in offer(Session(connection), kind)]

    assert in_turn(clone, "ts_test_worker", touch, serve, tenant=tenant) == (1, [two], False)


def test_many_callers_never_offer_more_than_there_is(clone: Database) -> None:
    tenant, kind, _ = sale(clone, 5, *[1] * 12)

    def act(connection: psycopg.Connection, _: int) -> int:
        return len(offer(Session(connection), kind))

    results = race(clone, "ts_test_worker", 12, act, tenant=tenant)
    refused = {r.sqlstate for r in results if isinstance(r, psycopg.Error)}
    assert refused <= {"TK101"}
    assert sum(r for r in results if isinstance(r, int)) == 5
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind) == (5, 0, 0)
        assert db.all(DRIFT) == []
        live = """
            SELECT count(DISTINCT reservation_id) FROM ticketing.waitlist
            WHERE status = 'notified'
        """
        assert db.value(live) == 5
