"""log_ticket_status_change: each change leaves one row of history and one event."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

HISTORY = "SELECT * FROM ticketing.ticket_state_history WHERE ticket_id = %s ORDER BY seq"
EVENTS = """
    SELECT * FROM ticketing.outbox
    WHERE aggregate_type = 'ticket' AND aggregate_id = %s::text ORDER BY seq
"""
MOVE = "UPDATE ticketing.tickets SET status = %s WHERE id = %s"


@pytest.fixture
def holder(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def ticket(make: Make, tenant: UUID, holder: UUID) -> Row:
    return make.row("tickets", tenant, status="active", user_id=holder, price_cents=2500)


def test_the_creation_is_the_first_row(
    db: Session, make: Make, tenant: UUID, holder: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant)
    with db.acting("ticketing_app", tenant=tenant, reason="box office", source="api"):
        made = db.value(
            """
            INSERT INTO ticketing.tickets (
                tenant_id, event_id, ticket_type_id, user_id, ticket_number, status, price_cents
            ) VALUES (%s, %s, %s, %s, 'T-1', 'sold', 2500)
            RETURNING id
            """,
            *(tenant, kind["event_id"], kind["id"], holder),
        )
        (row,) = db.all(HISTORY, made)
    assert row["previous_status"] is None
    assert row["new_status"] == "sold"
    assert (row["changed_by"], row["changed_by_type"]) == (None, "service")
    assert (row["reason"], row["source"]) == ("box office", "api")
    assert row["ticket_version"] == 1
    assert row["metadata"] == {
        "event_id": str(kind["event_id"]),
        "new_user_id": str(holder),
        "price_cents": 2500,
    }


def test_a_change_says_who_why_and_where_from(
    db: Session, make: Make, tenant: UUID, ticket: Row
) -> None:
    admin = make.id("users", tenant, role="admin")
    before = db.value("SELECT clock_timestamp()")
    with db.acting(
        "ticketing_app", tenant=tenant, user=admin, user_role="admin", reason="fraud", source="api"
    ):
        db.run(MOVE, "revoked", ticket["id"])
        row = db.all(HISTORY, ticket["id"])[-1]
    assert (row["previous_status"], row["new_status"]) == ("active", "revoked")
    assert (row["changed_by"], row["changed_by_type"]) == (admin, "admin")
    assert (row["reason"], row["source"]) == ("fraud", "api")
    assert row["ticket_version"] == ticket["version"] + 1
    assert row["changed_at"] > before


def test_a_change_of_holder_in_the_same_statement_is_in_the_row(
    db: Session, make: Make, tenant: UUID, *, ticket: Row, holder: UUID, as_tenant: Acting
) -> None:
    friend = make.id("users", tenant)
    with as_tenant(tenant):
        db.run(
            "UPDATE ticketing.tickets SET status = 'transferred', user_id = %s WHERE id = %s",
            *(friend, ticket["id"]),
        )
        row = db.all(HISTORY, ticket["id"])[-1]
    assert row["metadata"]["old_user_id"] == str(holder)
    assert row["metadata"]["new_user_id"] == str(friend)


def test_the_event_says_the_same_and_has_the_same_id(
    db: Session, tenant: UUID, ticket: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.run(MOVE, "checked_in", ticket["id"])
        row = db.all(HISTORY, ticket["id"])[-1]
        event = db.all(EVENTS, ticket["id"])[-1]
    assert event["id"] == row["id"]
    assert event["event_type"] == "ticket.checked_in"
    assert event["status"] == "pending"
    changed_at = event["payload"].pop("changed_at")
    assert row["changed_at"] == db.value("SELECT %s::timestamptz", changed_at)
    assert event["payload"] == row["metadata"] | {
        "ticket_id": str(ticket["id"]),
        "previous_status": "active",
        "new_status": "checked_in",
        "changed_by": None,
        "changed_by_type": "service",
        "reason": None,
        "source": None,
        "ticket_version": 2,
    }


def test_what_is_no_change_of_status_leaves_nothing(
    db: Session, tenant: UUID, ticket: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        before = len(db.all(HISTORY, ticket["id"])), len(db.all(EVENTS, ticket["id"]))
        db.run("UPDATE ticketing.tickets SET seat = '7' WHERE id = %s", ticket["id"])
        db.run(MOVE, "active", ticket["id"])
        assert (len(db.all(HISTORY, ticket["id"])), len(db.all(EVENTS, ticket["id"]))) == before


def test_one_statement_over_many_leaves_one_row_and_one_event_for_each_that_changed(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    kind = make.ticket_type(tenant)
    made = [
        make.id("tickets", tenant, ticket_type_id=kind["id"], status=status)
        for status in ("available", "available", "reserved")
    ]
    with as_tenant(tenant):
        db.run(
            "UPDATE ticketing.tickets SET status = 'reserved' WHERE ticket_type_id = %s",
            kind["id"],
        )
        counts = [(len(db.all(HISTORY, t)), len(db.all(EVENTS, t))) for t in made]
    assert counts == [(2, 2), (2, 2), (1, 1)]


def test_a_ticket_that_ends_leaves_one_event_though_its_offer_ends_too(
    db: Session, make: Make, tenant: UUID, ticket: Row
) -> None:
    make.id("ticket_transfers", tenant, ticket_id=ticket["id"])
    before = db.value("SELECT count(*) FROM ticketing.outbox WHERE tenant_id = %s", tenant)
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="chargeback"):
        db.run(MOVE, "revoked", ticket["id"])
    after = db.value("SELECT count(*) FROM ticketing.outbox WHERE tenant_id = %s", tenant)
    assert after == before + 1


def test_changes_of_one_transaction_keep_their_order(
    db: Session, tenant: UUID, ticket: Row
) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="wrong person"):
        for status in ("checked_in", "active", "checked_in", "used"):
            db.run(MOVE, status, ticket["id"])
        rows = db.all(HISTORY, ticket["id"])
    chain = [(row["previous_status"], row["new_status"]) for row in rows]
    assert chain == [
        (None, "active"),
        ("active", "checked_in"),
        ("checked_in", "active"),
        ("active", "checked_in"),
        ("checked_in", "used"),
    ]
    assert [row["ticket_version"] for row in rows] == [1, 2, 3, 4, 5]


def test_a_change_that_is_taken_back_leaves_nothing(
    db: Session, tenant: UUID, ticket: Row, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.connection.transaction(force_rollback=True):
            db.run(MOVE, "checked_in", ticket["id"])
        assert len(db.all(HISTORY, ticket["id"])) == 1
        assert len(db.all(EVENTS, ticket["id"])) == 1


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_writes_history_by_hand(db: Session, tenant: UUID, ticket: Row, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(
            """
            INSERT INTO ticketing.ticket_state_history (
                tenant_id, ticket_id, new_status, previous_status, ticket_version
            ) VALUES (%s, %s, 'used', 'active', 2)
            """,
            *(tenant, ticket["id"]),
        )


def test_a_customer_leaves_no_change_and_no_trace(
    db: Session, tenant: UUID, ticket: Row, holder: UUID, as_user: Acting
) -> None:
    with as_user(tenant, holder), db.refused("TK004"):
        db.run(MOVE, "checked_in", ticket["id"])
    assert len(db.all(HISTORY, ticket["id"])) == 1


def test_callers_that_meet_leave_a_row_for_each_change_that_happened(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        ticket = make.id("tickets", tenant, status="active", user_id=make.id("users", tenant))

    def enter(connection: psycopg.Connection, _: int) -> int:
        return connection.execute(
            f"{MOVE} AND status = 'active'".replace("%s", "'checked_in'", 1).encode(),
            [ticket],
        ).rowcount

    answers = race(clone, "ts_test_app", 8, enter, tenant=tenant)
    assert sorted(map(str, answers)) == ["0"] * 7 + ["1"]
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        assert [row["new_status"] for row in session.all(HISTORY, ticket)] == [
            "active",
            "checked_in",
        ]
        assert len(session.all(EVENTS, ticket)) == 2


def test_a_malformed_user_is_nobody(db: Session, tenant: UUID, ticket: Row) -> None:
    with db.acting("ticketing_app", tenant=tenant, user=f"{uuid4()}x", user_role="admin"):
        db.run(MOVE, "checked_in", ticket["id"])
        assert db.all(HISTORY, ticket["id"])[-1]["changed_by"] is None
