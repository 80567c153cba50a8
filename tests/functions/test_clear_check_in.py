"""clear_check_in: a check-in that is undone leaves no trace that would count as one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT status, checked_in_at, checked_in_by FROM ticketing.tickets WHERE id = %s"
SET = "UPDATE ticketing.tickets SET status = %s WHERE id = %s"


@pytest.fixture
def inside(make: Make, tenant: UUID) -> UUID:
    """A ticket whose holder is in."""
    user = make.id("users", tenant)
    return make.id(
        "tickets",
        tenant,
        user_id=user,
        status="checked_in",
        checked_in_at=datetime.now(UTC),
        checked_in_by=user,
    )


@pytest.mark.parametrize("status", ["active", "transferred"])
def test_an_undone_check_in_loses_its_time(
    db: Session, tenant: UUID, as_tenant: Acting, inside: UUID, status: str
) -> None:
    with as_tenant(tenant, actor="admin", reason="because"):
        db.run(SET, status, inside)
    assert db.one(READ, inside) == {
        "status": status,
        "checked_in_at": None,
        "checked_in_by": None,
    }


@pytest.mark.parametrize("status", ["used", "revoked", "refunded"])
def test_whoever_was_in_keeps_it(
    db: Session, tenant: UUID, as_tenant: Acting, inside: UUID, status: str
) -> None:
    with as_tenant(tenant, actor="admin", reason="because"):
        db.run(SET, status, inside)
    assert db.one(READ, inside)["checked_in_at"] is not None


def test_a_refund_after_an_undone_check_in_counts_no_event(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    user = make.id("users", tenant)
    ticket = make.id("tickets", tenant, user_id=user, status="active")
    attended = "SELECT events_attended FROM ticketing.users WHERE id = %s"
    with as_tenant(tenant, actor="admin", reason="because"):
        db.run(
            "UPDATE ticketing.tickets SET status = 'checked_in', checked_in_at = now()"
            " WHERE id = %s",
            ticket,
        )
        assert db.value(attended, user) == 1
        db.run(SET, "active", ticket)
        assert db.value(attended, user) == 0
        db.run(SET, "refunded", ticket)
        assert db.value(attended, user) == 0


@pytest.mark.parametrize(
    ("before", "wrong"), [("active", "transferred"), ("transferred", "active")]
)
def test_the_way_back_leads_to_where_the_ticket_was(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, before: str, wrong: str
) -> None:
    ticket = make.id("tickets", tenant, user_id=make.id("users", tenant), status=before)
    rounds = "SELECT check_in_round FROM ticketing.tickets WHERE id = %s"
    with as_tenant(tenant, actor="admin", reason="wrong person"):
        for turn in (1, 2):
            assert db.value(rounds, ticket) == turn
            db.run(SET, "checked_in", ticket)
            with db.refused("TK210") as refused:
                db.run(SET, wrong, ticket)
            assert before in str(refused.error)
            assert db.one(READ, ticket)["status"] == "checked_in"
            db.run(SET, before, ticket)
        assert db.value(rounds, ticket) == 3


def test_the_last_check_in_counts_for_the_way_back(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant, user_id=make.id("users", tenant), status="active")
    with as_tenant(tenant, actor="admin", reason="wrong person"):
        for status in ("checked_in", "active", "transferred", "checked_in"):
            db.run(SET, status, ticket)
        with db.refused("TK210"):
            db.run(SET, "active", ticket)
        db.run(SET, "transferred", ticket)
