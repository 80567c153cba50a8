"""settle_reservation: what hangs on a reservation ends with it, whoever ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row, overdue
from support.sales import call, counters
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "UPDATE ticketing.reservations SET status = 'expired' WHERE expires_at <= now()"


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    made: UUID = make.ticket_type(tenant, 4)["id"]
    return made


@pytest.fixture
def offer(db: Session, make: Make, tenant: UUID, kind: UUID) -> Row:
    """An open offer of two, with a person behind who waits for one."""
    make.id("waitlist", tenant, ticket_type_id=kind, quantity=2)
    make.id("waitlist", tenant, ticket_type_id=kind)
    with db.acting("ticketing_app", tenant=tenant):
        return call(db, "offer_waitlist", ticket_type_id=kind)


def statuses(db: Session) -> list[str]:
    rows = db.all("SELECT status FROM ticketing.waitlist ORDER BY position")
    return [row["status"] for row in rows]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("status = 'confirmed', order_id = %s", "converted"),
        ("status = 'cancelled', release_reason = %s", "cancelled"),
        ("type_name = %s", "notified"),
    ],
)
def test_a_plain_update_takes_the_offer_along(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    offer: Row,
    as_user: Acting,
    change: str,
    expected: str,
) -> None:
    value = make.id("orders", tenant)
    with as_user(tenant, offer["user_id"]):
        update = f"UPDATE ticketing.reservations SET {change} WHERE id = %s"
        db.run(update, value if "order_id" in change else str(value), offer["reservation_id"])
    assert statuses(db) == [expected, "active"]


def lapsed(make: Make, tenant: UUID, kind: UUID, **given: object) -> UUID:
    """Returns the reservation of an offer of one that is past its deadline."""
    late = make.row("reservations", tenant, ticket_type_id=kind, **overdue())
    make.id(
        "waitlist",
        tenant,
        ticket_type_id=kind,
        user_id=late["user_id"],
        status="notified",
        notified_at=late["created_at"],
        offer_expires_at=late["expires_at"],
        reservation_id=late["id"],
        **given,
    )
    claim: UUID = late["id"]
    return claim


def test_the_sweeper_without_a_tenant_ends_offers_and_frees_places(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, kind: UUID, as_worker: Acting
) -> None:
    other = make.ticket_type(other_tenant, 4)["id"]
    claims = [lapsed(make, tenant, kind), lapsed(make, other_tenant, other)]
    place = make.id(
        "tickets", tenant, ticket_type_id=kind, status="reserved", reservation_id=claims[0]
    )
    with as_worker():
        assert db.run(EXPIRE) == 2
    assert statuses(db) == ["expired", "expired"]
    assert [counters(db, k) for k in (kind, other)] == [(0, 0, 4), (0, 0, 4)]
    after = "SELECT status, reservation_id FROM ticketing.tickets WHERE id = %s"
    assert db.one(after, place) == {"status": "available", "reservation_id": None}


def test_it_says_who_acts_no_longer_than_it_works(
    db: Session, tenant: UUID, offer: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant, actor="admin"):
        call(db, "cancel_reservation", reservation_id=offer["reservation_id"])
        assert db.value("SELECT current_setting('app.actor_type')") == "admin"


def test_a_row_of_another_reservation_or_with_an_end_of_its_own_stays(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, offer: Row, as_tenant: Acting
) -> None:
    plain = make.id("reservations", tenant, ticket_type_id=kind)
    make.advance("waitlist", offer["waitlist_id"], "active")
    with as_tenant(tenant):
        call(db, "cancel_reservation", reservation_id=plain)
        call(db, "cancel_reservation", reservation_id=offer["reservation_id"])
    assert statuses(db) == ["active", "active"]


def test_a_picked_place_of_a_sale_is_not_freed(
    db: Session, make: Make, tenant: UUID, kind: UUID
) -> None:
    claim = make.id("reservations", tenant, ticket_type_id=kind, order_id=make.id("orders", tenant))
    place = make.id("tickets", tenant, ticket_type_id=kind, status="reserved", reservation_id=claim)
    make.advance("reservations", claim, "confirmed")
    query = "SELECT status FROM ticketing.tickets WHERE id = %s"
    assert db.value(query, place) == "reserved"


def test_a_sold_place_is_not_freed(db: Session, make: Make, tenant: UUID, kind: UUID) -> None:
    claim = make.id("reservations", tenant, ticket_type_id=kind)
    ticket = make.id(
        "tickets",
        tenant,
        ticket_type_id=kind,
        status="sold",
        user_id=make.id("users", tenant),
        reservation_id=claim,
    )
    make.advance("reservations", claim, "cancelled")
    query = "SELECT status FROM ticketing.tickets WHERE id = %s"
    assert db.value(query, ticket) == "sold"
