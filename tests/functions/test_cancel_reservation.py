"""cancel_reservation: places go back once, and no ticket outlives its place."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.sales import (
    DRIFT,
    RUN_OUT,
    calls,
    cancel,
    confirm,
    counters,
    reserve,
    sell,
    statuses,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    made: UUID = make.ticket_type(tenant, 10)["id"]
    return made


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def claim(db: Session, tenant: UUID, kind: UUID, user: UUID) -> UUID:
    """A reservation of three."""
    with db.acting("ticketing_app", tenant=tenant):
        made: UUID = reserve(db, kind, 3, user_id=user)["reservation_id"]
    return made


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_places_go_back_once(
    db: Session, tenant: UUID, *, kind: UUID, claim: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        gone = cancel(db, claim)
        assert cancel(db, claim, reason="again") == {**gone, "outcome": "replayed"}
    stored = db.one("SELECT * FROM ticketing.reservations")
    assert gone == {
        "reservation_id": claim,
        "status": "cancelled",
        "released_at": stored["released_at"],
        "outcome": "cancelled",
    }
    assert stored["release_reason"] == "user"
    assert counters(db, kind) == (0, 0, 10)


def test_one_that_expired_stays_so(
    db: Session, tenant: UUID, kind: UUID, claim: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(RUN_OUT, claim)
        db.run("UPDATE ticketing.reservations SET status = 'expired'")
        gone = cancel(db, claim)
    assert (gone["status"], gone["outcome"]) == ("expired", "replayed")
    assert counters(db, kind) == (0, 0, 10)


def test_an_overdue_one_may_be_given_up(
    db: Session, tenant: UUID, kind: UUID, claim: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(RUN_OUT, claim)
        assert cancel(db, claim)["outcome"] == "cancelled"
    assert counters(db, kind) == (0, 0, 10)


def test_a_cart_goes_as_one(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID, as_tenant: Acting
) -> None:
    other = make.ticket_type(tenant, 10)["id"]
    with as_tenant(tenant):
        made = calls(
            db,
            "reserve_cart",
            ticket_type_ids=[kind, other],
            quantities=[1, 2],
            idempotency_key="key",
            user_id=user,
        )
        gone = calls(db, "cancel_reservation", reservation_id=made[1]["reservation_id"])
    assert {(r["status"], r["outcome"]) for r in gone} == {("cancelled", "cancelled")}
    assert len(gone) == 2
    assert [counters(db, k) for k in (kind, other)] == [(0, 0, 10), (0, 0, 10)]


def test_picked_places_are_available_again(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, claim: UUID, as_tenant: Acting
) -> None:
    place = make.id("tickets", tenant, ticket_type_id=kind, status="reserved", reservation_id=claim)
    with as_tenant(tenant):
        cancel(db, claim)
    after = db.one("SELECT status, reservation_id FROM ticketing.tickets WHERE id = %s", place)
    assert after == {"status": "available", "reservation_id": None}


# --- a sale ---


def test_a_sale_takes_its_tickets_along(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    sold = sell(make, tenant, 3)
    with as_tenant(tenant):
        gone = cancel(db, sold.claim, reason="event_cancelled")
        assert cancel(db, sold.claim)["outcome"] == "replayed"
    assert gone["outcome"] == "cancelled"
    assert statuses(db, "tickets", *sold.tickets) == ["cancelled"] * 3
    assert db.value("SELECT DISTINCT status_reason FROM ticketing.tickets") == "event_cancelled"
    assert counters(db, sold.kind) == (0, 0, 10)
    assert db.all(DRIFT) == []


@pytest.mark.parametrize("used", [("checked_in",), ("checked_in", "used")])
def test_a_sale_that_somebody_used_stays(
    db: Session, make: Make, tenant: UUID, used: tuple[str, ...]
) -> None:
    sold = sell(make, tenant, 2)
    make.advance("tickets", sold.tickets[0], *used)
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK116"):
        cancel(db, sold.claim)
    assert counters(db, sold.kind) == (0, 2, 8)


def test_a_ticket_that_ended_before_keeps_its_status(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    sold = sell(make, tenant, 2)
    make.advance("tickets", sold.tickets[0], "revoked")
    with as_tenant(tenant):
        cancel(db, sold.claim)
    assert sorted(statuses(db, "tickets", *sold.tickets)) == ["cancelled", "revoked"]


def test_a_customer_gives_up_a_claim_and_no_sale(
    db: Session, make: Make, tenant: UUID, *, claim: UUID, user: UUID, as_user: Acting
) -> None:
    sold = sell(make, tenant)
    stranger = make.id("users", tenant)
    with as_user(tenant, stranger), db.refused("TK110"):
        cancel(db, claim)
    with as_user(tenant, sold.user), db.refused("TK119"):
        cancel(db, sold.claim)
    with as_user(tenant, user):
        assert cancel(db, claim)["outcome"] == "cancelled"


def test_staff_without_rights_do_not_cancel_a_sale(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    sold = sell(make, tenant)
    with as_user(tenant, sold.user, "staff"), db.refused("TK202"):
        cancel(db, sold.claim)
    with as_user(tenant, sold.user, "admin"):
        assert cancel(db, sold.claim)["outcome"] == "cancelled"


@pytest.mark.parametrize("reason", [None, "", " "])
def test_a_reason_is_given(db: Session, tenant: UUID, claim: UUID, reason: str | None) -> None:
    with db.acting("ticketing_app", tenant=tenant), db.refused("TK001"):
        cancel(db, claim, reason=reason)


def test_an_unknown_or_foreign_reservation_is_not_found(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for absent in (None, uuid4(), make.id("reservations", other_tenant)):
        with as_tenant(tenant), db.refused("TK110"):
            cancel(db, absent)


def test_who_may_call(
    db: Session, tenant: UUID, claim: UUID, as_readonly: Acting, as_worker: Acting
) -> None:
    with as_readonly(tenant), db.refused("42501"):
        cancel(db, claim)
    with as_worker(), db.refused("TK701"):
        cancel(db, claim)


@pytest.mark.parametrize("confirmed", [False, True])
def test_callers_that_meet_give_back_once(clone: Database, *, confirmed: bool) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        make = Make(db)
        tenant = make.tenant()
        kind: Row = make.ticket_type(tenant, 10)
        claim = make.id("reservations", tenant, ticket_type_id=kind["id"], quantity=2)
        if confirmed:
            with db.acting("ticketing_app", tenant=tenant):
                confirm(db, claim)

    def act(connection: psycopg.Connection, _: int) -> str:
        return str(cancel(Session(connection), claim)["outcome"])

    results = race(clone, "ts_test_app", 8, act, tenant=tenant)
    assert Counter(map(str, results)) == Counter({"cancelled": 1, "replayed": 7})
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        assert counters(db, kind["id"]) == (0, 0, 10)
        assert db.all(DRIFT) == []
