"""update_user_events_attended: one event counts once, however many tickets a person holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHECK_IN = "UPDATE ticketing.tickets SET status = 'checked_in', checked_in_at = now() WHERE id = %s"
UNDO = "UPDATE ticketing.tickets SET status = 'active' WHERE id = %s"
MISTAKE = {"actor": "admin", "reason": "the wrong person was let in"}
CALLERS = 8


def attended(db: Session, tenant: UUID, user: UUID) -> Any:
    return db.value(
        "SELECT events_attended FROM ticketing.users WHERE tenant_id = %s AND id = %s",
        tenant,
        user,
    )


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


def tickets_for(make: Make, tenant: UUID, user: UUID, count: int) -> list[UUID]:
    """Returns active tickets of a person for one event."""
    kind = make.ticket_type(tenant)
    return [
        make.id("tickets", tenant, status="active", user_id=user, ticket_type_id=kind["id"])
        for _ in range(count)
    ]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_check_in_counts_though_the_service_may_not_write_the_counter(
    db: Session, make: Make, tenant: UUID, user: UUID, role: str
) -> None:
    (ticket,) = tickets_for(make, tenant, user, 1)
    with db.acting(role, tenant=tenant):
        assert db.run(CHECK_IN, ticket) == 1

    assert attended(db, tenant, user) == 1


def test_a_second_ticket_for_the_event_does_not_count(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    for ticket in tickets_for(make, tenant, user, 2):
        db.run(CHECK_IN, ticket)

    assert attended(db, tenant, user) == 1


def test_two_tickets_in_one_statement_count_once(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    tickets = tickets_for(make, tenant, user, 2)
    db.run(CHECK_IN.replace("= %s", "= ANY (%s)"), tickets)
    assert attended(db, tenant, user) == 1

    with db.saying(**MISTAKE):
        db.run(UNDO.replace("= %s", "= ANY (%s)"), tickets)
    assert attended(db, tenant, user) == 0


def test_each_event_counts(db: Session, make: Make, tenant: UUID, user: UUID) -> None:
    for _ in range(3):
        (ticket,) = tickets_for(make, tenant, user, 1)
        db.run(CHECK_IN, ticket)

    assert attended(db, tenant, user) == 3


def test_undoing_the_only_check_in_takes_it_back(
    db: Session, make: Make, tenant: UUID, user: UUID, as_tenant: Acting
) -> None:
    (ticket,) = tickets_for(make, tenant, user, 1)
    with as_tenant(tenant, **MISTAKE) as service:
        service.run(CHECK_IN, ticket)
        service.run(UNDO, ticket)
        assert attended(db, tenant, user) == 0
        service.run(CHECK_IN, ticket)

    assert attended(db, tenant, user) == 1


def test_undoing_one_of_two_leaves_the_event_counted(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    first, second = tickets_for(make, tenant, user, 2)
    db.run(CHECK_IN, first)
    db.run(CHECK_IN, second)
    with db.saying(**MISTAKE):
        db.run(UNDO, first)
    assert attended(db, tenant, user) == 1

    with db.saying(**MISTAKE):
        db.run(UNDO, second)
    assert attended(db, tenant, user) == 0


def test_undoing_does_not_forget_a_used_ticket(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    first, second = tickets_for(make, tenant, user, 2)
    db.run(CHECK_IN, first)
    db.run("UPDATE ticketing.tickets SET status = 'used' WHERE id = %s", first)
    db.run(CHECK_IN, second)
    with db.saying(**MISTAKE):
        db.run(UNDO, second)

    assert attended(db, tenant, user) == 1


@pytest.mark.parametrize("status", ["revoked", "refunded"])
def test_who_left_after_entry_has_still_been_there(
    db: Session, make: Make, tenant: UUID, user: UUID, status: str
) -> None:
    first, second = tickets_for(make, tenant, user, 2)
    leave = f"UPDATE ticketing.tickets SET status = '{status}', status_reason = 'x' WHERE id = %s"
    db.run(CHECK_IN, first)
    with db.saying(actor="admin"):
        db.run(leave, first)
    assert attended(db, tenant, user) == 1

    db.run(CHECK_IN, second)
    assert attended(db, tenant, user) == 1


@pytest.mark.parametrize("status", ["revoked", "refunded"])
def test_a_ticket_that_died_before_entry_is_no_attendance(
    db: Session, make: Make, tenant: UUID, user: UUID, status: str
) -> None:
    first, second = tickets_for(make, tenant, user, 2)
    make.advance("tickets", first, status)
    db.run(CHECK_IN, second)

    assert attended(db, tenant, user) == 1


def test_people_are_counted_apart(db: Session, make: Make, tenant: UUID, user: UUID) -> None:
    friend = make.id("users", tenant)
    (own,) = tickets_for(make, tenant, user, 1)
    kind = db.value("SELECT ticket_type_id FROM ticketing.tickets WHERE id = %s", own)
    his = make.id("tickets", tenant, status="active", user_id=friend, ticket_type_id=kind)
    db.run(CHECK_IN, own)
    assert (attended(db, tenant, user), attended(db, tenant, friend)) == (1, 0)

    db.run(CHECK_IN, his)
    assert (attended(db, tenant, user), attended(db, tenant, friend)) == (1, 1)


def test_tenants_are_counted_apart(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, user: UUID
) -> None:
    make.id("users", other_tenant, id=user)
    (here,) = tickets_for(make, tenant, user, 1)
    event = db.value("SELECT event_id FROM ticketing.tickets WHERE id = %s", here)
    make.id("events", other_tenant, id=event)
    kind = make.id("ticket_types", other_tenant, event_id=event)
    there = make.id("tickets", other_tenant, status="active", user_id=user, ticket_type_id=kind)
    db.run(CHECK_IN, there)
    assert (attended(db, tenant, user), attended(db, other_tenant, user)) == (0, 1)

    db.run(CHECK_IN, here)
    assert (attended(db, tenant, user), attended(db, other_tenant, user)) == (1, 1)


def test_a_check_in_that_counted_for_nobody_can_be_undone(
    db: Session, make: Make, tenant: UUID, user: UUID
) -> None:
    ticket = make.id("tickets", tenant, status="active", purchaser_email="a@example.org")
    db.run(CHECK_IN, ticket)
    db.run("UPDATE ticketing.tickets SET user_id = %s WHERE id = %s", user, ticket)
    with db.saying(**MISTAKE):
        db.run(UNDO, ticket)

    assert attended(db, tenant, user) == 0


def test_check_ins_of_one_person_at_once_count_the_event_once(clone: Database) -> None:
    tenant, user, tickets = committed_tickets(clone)

    assert change_at_once(clone, CHECK_IN, tenant, tickets) == [1] * CALLERS
    with clone.connect() as connection:
        assert attended(Session(connection), tenant, user) == 1


def test_undoing_every_check_in_at_once_takes_the_event_back_once(clone: Database) -> None:
    tenant, user, tickets = committed_tickets(clone)
    with clone.connect() as connection:
        for ticket in tickets:
            connection.execute(CHECK_IN, [ticket])

    assert change_at_once(clone, UNDO, tenant, tickets, **MISTAKE) == [1] * CALLERS
    with clone.connect() as connection:
        assert attended(Session(connection), tenant, user) == 0


def test_one_ticket_checked_in_by_many_gates_counts_once(clone: Database) -> None:
    tenant, user, tickets = committed_tickets(clone)

    assert change_at_once(clone, CHECK_IN, tenant, tickets[:1] * CALLERS) == [1] * CALLERS
    with clone.connect() as connection:
        assert attended(Session(connection), tenant, user) == 1


def committed_tickets(clone: Database) -> tuple[UUID, UUID, list[UUID]]:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        return tenant, user, tickets_for(make, tenant, user, CALLERS)


def change_at_once(
    clone: Database, change: str, tenant: UUID, tickets: list[UUID], **said: str
) -> list[int | psycopg.Error]:
    def act(connection: psycopg.Connection, number: int) -> int:
        return connection.execute(change.encode(), [tickets[number]]).rowcount

    return race(clone, "ts_test_app", CALLERS, act, tenant=tenant, **said)
