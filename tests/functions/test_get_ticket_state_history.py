"""get_ticket_state_history: what a ticket was, newest first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.get_ticket_state_history(%s)"
CALL_WITH = "SELECT * FROM ticketing.get_ticket_state_history(%s, %s)"


@pytest.fixture
def ticket(db: Session, make: Make, tenant: UUID) -> UUID:
    """A ticket with four changes behind it."""
    made = make.id("tickets", tenant, status="sold", user_id=make.id("users", tenant))
    with db.acting("ticketing_app", tenant=tenant):
        for status in ("active", "checked_in", "used"):
            db.run("UPDATE ticketing.tickets SET status = %s WHERE id = %s", status, made)
    return made


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_the_newest_comes_first(db: Session, tenant: UUID, ticket: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant):
        rows = db.all(CALL, ticket)
    assert [row["new_status"] for row in rows] == ["used", "checked_in", "active", "sold"]
    assert [row["ticket_version"] for row in rows] == [4, 3, 2, 1]


def test_each_row_is_the_one_that_was_logged(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        newest = db.all(CALL, ticket)[0]
        stored = db.one(
            "SELECT * FROM ticketing.ticket_state_history WHERE id = %s", newest.pop("history_id")
        )
    assert newest.items() <= stored.items()
    assert stored.keys() - newest.keys() == {"tenant_id", "id", "ticket_id", "created_at"}


def test_ties_of_the_clock_are_broken_by_the_sequence(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant)
    when = datetime.now(UTC) + timedelta(hours=1)
    first = make.id("ticket_state_history", tenant, ticket_id=ticket, changed_at=when)
    second = make.id("ticket_state_history", tenant, ticket_id=ticket, changed_at=when)
    with as_tenant(tenant):
        assert [row["history_id"] for row in db.all(CALL_WITH, ticket, 2)] == [second, first]


def test_what_was_imported_later_stands_where_it_happened(
    db: Session, make: Make, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    old = make.id(
        "ticket_state_history",
        tenant,
        ticket_id=ticket,
        changed_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    with as_tenant(tenant):
        assert db.all(CALL, ticket)[-1]["history_id"] == old


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_a_limit_cuts_the_oldest_off(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting, limit: int
) -> None:
    with as_tenant(tenant):
        every = db.all(CALL, ticket)
        assert db.all(CALL_WITH, ticket, limit) == every[:limit]


def test_the_default_limit_is_a_hundred(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant)
    db.run(
        """
        INSERT INTO ticketing.ticket_state_history (
            tenant_id, ticket_id, previous_status, new_status, source
        )
        SELECT %s, %s, 'available', 'reserved', 'import' FROM generate_series(1, 101)
        """,
        *(tenant, ticket),
    )
    with as_tenant(tenant):
        assert len(db.all(CALL, ticket)) == 100


@pytest.mark.parametrize("limit", [None, 0, -1, 1001])
def test_a_limit_out_of_range_is_refused(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting, limit: int | None
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.all(CALL_WITH, ticket, limit)


def test_another_ticket_another_tenant_and_no_context_have_no_history(
    db: Session, tenant: UUID, other_tenant: UUID, ticket: UUID
) -> None:
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
