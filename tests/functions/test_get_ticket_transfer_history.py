"""get_ticket_transfer_history: the chain of holders, link by link."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.get_ticket_transfer_history(%s)"
START = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def people(make: Make, tenant: UUID) -> list[UUID]:
    return [make.id("users", tenant) for _ in range(4)]


@pytest.fixture
def ticket(make: Make, tenant: UUID, people: list[UUID]) -> UUID:
    return make.id(
        "tickets", tenant, status="active", user_id=people[0], original_purchaser_id=people[0]
    )


def passed_on(
    make: Make, tenant: UUID, ticket: UUID, giver: UUID, taker: UUID, day: float, **given: Any
) -> UUID:
    """Adds a completed transfer, as it would stand long after."""
    make.session.run("UPDATE ticketing.tickets SET user_id = %s WHERE id = %s", giver, ticket)
    when = START + timedelta(days=day)
    return make.id(
        "ticket_transfers",
        tenant,
        **{
            "ticket_id": ticket,
            "from_user_id": giver,
            "to_user_id": taker,
            "status": "completed",
            "accepted_at": when,
            "transferred_at": when,
            **given,
        },
    )


def test_a_ticket_that_never_moved_has_no_links(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.all(CALL, ticket) == []


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_the_links_come_in_order_and_follow_each_other(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, people: list[UUID], role: str
) -> None:
    a, b, c, d = people
    db.run("UPDATE ticketing.tickets SET currency = 'EUR' WHERE id = %s", ticket)
    third = passed_on(make, tenant, ticket, c, d, 3)
    first = passed_on(
        *(make, tenant, ticket, a, b, 1),
        transfer_type="resale",
        price_cents=4200,
        currency="EUR",
        tx_signature="5" * 88,
    )
    second = passed_on(make, tenant, ticket, b, c, 2)
    with db.acting(role, tenant=tenant):
        chain = db.all(CALL, ticket)
    assert [(r["position"], r["transfer_id"]) for r in chain] == [
        (1, first),
        (2, second),
        (3, third),
    ]
    assert [(r["from_user_id"], r["to_user_id"]) for r in chain] == [(a, b), (b, c), (c, d)]
    assert all(r["follows_previous"] for r in chain)
    assert chain[0] | {"transferred_at": None} == {
        "position": 1,
        "transfer_id": first,
        "from_user_id": a,
        "to_user_id": b,
        "transfer_type": "resale",
        "price_cents": 4200,
        "currency": "EUR",
        "transferred_at": None,
        "tx_signature": "5" * 88,
        "follows_previous": True,
    }
    assert [r["transferred_at"] for r in chain] == [START + timedelta(days=n) for n in (1, 2, 3)]


def test_a_missing_link_shows(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, people: list[UUID], as_tenant: Acting
) -> None:
    a, b, c, d = people
    passed_on(make, tenant, ticket, a, b, 1)
    passed_on(make, tenant, ticket, c, d, 2)
    with as_tenant(tenant):
        assert [r["follows_previous"] for r in db.all(CALL, ticket)] == [True, False]


def test_a_first_link_that_is_not_the_purchasers_shows(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, people: list[UUID], as_tenant: Acting
) -> None:
    passed_on(make, tenant, ticket, people[1], people[2], 1)
    with as_tenant(tenant):
        assert [r["follows_previous"] for r in db.all(CALL, ticket)] == [False]


def test_without_a_known_purchaser_the_first_link_is_taken_on_trust(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, people: list[UUID], as_tenant: Acting
) -> None:
    db.run("UPDATE ticketing.tickets SET original_purchaser_id = NULL WHERE id = %s", ticket)
    passed_on(make, tenant, ticket, people[1], people[2], 1)
    with as_tenant(tenant):
        assert [r["follows_previous"] for r in db.all(CALL, ticket)] == [True]


def test_transfers_of_one_moment_keep_the_order_in_which_they_were_offered(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, people: list[UUID], as_tenant: Acting
) -> None:
    a, b, c, _ = people
    later = passed_on(make, tenant, ticket, b, c, 1, created_at=START + timedelta(hours=2))
    earlier = passed_on(make, tenant, ticket, a, b, 1, created_at=START + timedelta(hours=1))
    with as_tenant(tenant):
        assert [r["transfer_id"] for r in db.all(CALL, ticket)] == [earlier, later]


@pytest.mark.parametrize("status", ["pending", "accepted", "rejected", "cancelled", "expired"])
def test_only_what_was_completed_is_a_link(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    ticket: UUID,
    people: list[UUID],
    as_tenant: Acting,
    status: str,
) -> None:
    moments = {
        "accepted": {"accepted_at": START},
        "rejected": {"rejected_at": START},
        "cancelled": {"cancelled_at": START},
    }
    make.id(
        "ticket_transfers",
        tenant,
        ticket_id=ticket,
        from_user_id=people[0],
        to_user_id=people[1],
        status=status,
        **moments.get(status, {}),
    )
    with as_tenant(tenant):
        assert db.all(CALL, ticket) == []


def test_another_ticket_another_tenant_and_no_context_have_no_links(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, ticket: UUID, people: list[UUID]
) -> None:
    passed_on(make, tenant, ticket, people[0], people[1], 1)
    for context, wanted in (
        (tenant, uuid4()),
        (tenant, None),
        (other_tenant, ticket),
        (None, ticket),
    ):
        with db.acting("ticketing_app", tenant=context):
            assert db.all(CALL, wanted) == []


def test_a_login_without_a_role_may_not_ask(db: Session, as_nobody: Acting) -> None:
    with as_nobody(), db.refused("42501"):
        db.all(CALL, uuid4())
