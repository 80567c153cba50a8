"""join_waitlist: a place in the queue for what is sold out."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.sales import call
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime.now(UTC)


def join(db: Session, kind: UUID | None, **given: Any) -> Row:
    return call(db, "join_waitlist", ticket_type_id=kind, **given)


@pytest.fixture
def kind(make: Make, tenant: UUID) -> UUID:
    """A type that is sold out."""
    made: UUID = make.ticket_type(tenant, 0)["id"]
    return made


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_people_queue_once_and_in_order(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID, role: str
) -> None:
    second = make.id("users", tenant)
    with db.acting(role, tenant=tenant):
        first = join(db, kind, quantity=2, user_id=user)
        behind = join(db, kind, user_id=second)
        assert join(db, kind, quantity=2, user_id=user) == {**first, "outcome": "replayed"}
        with db.refused("TK134"):
            join(db, kind, quantity=3, user_id=user)
    assert (first["status"], first["outcome"]) == ("active", "joined")
    assert first["queue_position"] < behind["queue_position"]
    rows = db.all("SELECT id, user_id, quantity FROM ticketing.waitlist ORDER BY position")
    assert [tuple(row.values()) for row in rows] == [
        (first["waitlist_id"], user, 2),
        (behind["waitlist_id"], second, 1),
    ]


def test_whoever_has_an_offer_waits_already(
    db: Session, tenant: UUID, *, kind: UUID, user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        joined = join(db, kind, user_id=user)
        db.run("SELECT ticketing.set_ticket_quantity(%s, 1)", kind)
        call(db, "offer_waitlist", ticket_type_id=kind)
        again = join(db, kind, user_id=user)
    assert again == {**joined, "status": "notified", "outcome": "replayed"}


def test_whoever_left_may_come_back_at_the_end(
    db: Session, tenant: UUID, *, kind: UUID, user: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        first = join(db, kind, user_id=user)
        call(db, "leave_waitlist", waitlist_id=first["waitlist_id"])
        again = join(db, kind, user_id=user)
    assert again["outcome"] == "joined"
    assert again["queue_position"] > first["queue_position"]


def test_nobody_waits_for_what_is_free(
    db: Session, make: Make, tenant: UUID, *, user: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant, 2)["id"]
    with as_tenant(tenant):
        with db.refused("TK120"):
            join(db, kind, quantity=2, user_id=user)
        assert join(db, kind, quantity=3, user_id=user)["outcome"] == "joined"


def test_what_goes_to_others_is_not_free(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID, as_tenant: Acting
) -> None:
    second = make.id("users", tenant)
    with as_tenant(tenant):
        join(db, kind, user_id=user)
        db.run("SELECT ticketing.set_ticket_quantity(%s, 1)", kind)
        assert join(db, kind, user_id=second)["outcome"] == "joined"


@pytest.mark.parametrize(
    ("code", "kind", "given"),
    [
        ("TK102", {"is_active": False}, {}),
        ("TK102", {"sale_end": NOW - timedelta(seconds=1)}, {}),
        ("TK103", {}, {"quantity": None}),
        ("TK103", {}, {"quantity": 0}),
        ("TK103", {"max_purchase": 2}, {"quantity": 3}),
        ("TK103", {"min_purchase": 2}, {"quantity": 1}),
        ("TK001", {}, {"user_id": None}),
        ("TK001", {}, {"priority": None}),
        (None, {"sale_start": NOW + timedelta(hours=1)}, {}),
        (None, {"max_purchase": 2}, {"quantity": 2}),
        (None, {}, {"priority": 5}),
    ],
    ids=shown,
)
def test_what_may_be_waited_for(
    db: Session, make: Make, tenant: UUID, *, user: UUID, code: str | None, kind: Row, given: Row
) -> None:
    made = make.ticket_type(tenant, 0, **kind)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        if code is None:
            assert join(db, made, **({"user_id": user} | given))["outcome"] == "joined"
        else:
            with db.refused(code):
                join(db, made, **({"user_id": user} | given))


def test_a_customer_waits_for_themselves_in_their_turn(
    db: Session, make: Make, tenant: UUID, *, kind: UUID, user: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    with as_user(tenant, user):
        with db.refused("TK401"):
            join(db, kind, user_id=other)
        with db.refused("TK001"):
            join(db, kind, priority=1)
        join(db, kind)
    assert db.value("SELECT user_id FROM ticketing.waitlist") == user


def test_who_may_call_for_which_type(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    other_tenant: UUID,
    kind: UUID,
    user: UUID,
    as_readonly: Acting,
    as_worker: Acting,
) -> None:
    foreign = make.ticket_type(other_tenant, 0)["id"]
    with db.acting("ticketing_app", tenant=tenant):
        for absent in (None, uuid4(), foreign):
            with db.refused("TK108"):
                join(db, absent, user_id=user)
    with as_readonly(tenant), db.refused("42501"):
        join(db, kind)
    with as_worker(), db.refused("TK701"):
        join(db, kind)


def test_copies_of_a_request_make_one_place(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        kind, user = make.ticket_type(tenant, 0)["id"], make.id("users", tenant)

    def act(connection: psycopg.Connection, _: int) -> str:
        return str(join(Session(connection), kind, user_id=user)["outcome"])

    results = race(clone, "ts_test_app", 12, act, tenant=tenant)
    assert Counter(map(str, results)) == Counter({"joined": 1, "replayed": 11})
