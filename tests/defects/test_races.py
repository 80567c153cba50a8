"""Check here, record there: what two callers do between the two."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.session import Session

from .defect import Race, Rewrite, value

SCAN = "SELECT result FROM ticketing.record_scan_attempt(%s, %s, %s)"
SPEND = "SELECT allowed FROM ticketing.check_and_record_spending(%s, 40000, 'USD', %s)"
# Past approve_request(), which waits for the request as well: the guard of the table must do.
APPROVE = """
    INSERT INTO ticketing.multisig_approvals (tenant_id, request_id, approver_id, operation_hash)
    VALUES (%s, %s, %s, %s)
    RETURNING id
"""
TAKE = """
    INSERT INTO ticketing.webhook_nonces (endpoint, nonce) VALUES ('stripe', %s)
    ON CONFLICT DO NOTHING
"""


@pytest.fixture
def race(clone: Database) -> Iterator[Race]:
    with psycopg.connect(clone.superuser_url) as connection:
        yield Race(clone, Session(connection))


def test_03_two_doors_at_once(race: Race) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)

    def look() -> object:
        make = race.make
        event = make.id("events", race.tenant, starts_at=soon, ends_at=soon + timedelta(hours=3))
        person = make.id("users", race.tenant)
        ticket = make.id("tickets", race.tenant, event_id=event, user_id=person, status="active")
        door = value(SCAN, race.tenant, ticket, event)
        return race.run(door, door)

    race.prove(
        look,
        Rewrite(
            "record_scan_attempt",
            "WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id\n        FOR NO KEY UPDATE;",
            "WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id;",
        ),
        "DROP INDEX ticketing.uq_ticket_scans_first_entry",
        promised=("valid", "duplicate"),
        broken=("valid", "valid"),
    )


def test_19_two_purchases_at_once(race: Race) -> None:
    def look() -> object:
        person = race.make.id("users", race.tenant)
        race.make.id(
            "spending_limits",
            race.tenant,
            user_id=person,
            per_transaction_limit=50_000,
            daily_limit=60_000,
        )
        return race.run(value(SPEND, person, "one"), value(SPEND, person, "two"))

    race.prove(
        look,
        Rewrite("check_and_record_spending", "FOR NO KEY UPDATE", ""),
        promised=(True, False),
        broken=(True, True),
    )


def test_20_two_last_votes_at_once(race: Race) -> None:
    def look() -> object:
        make, tenant = race.make, race.tenant
        asked = make.row("multisig_approval_requests", tenant, required_approvals=2)
        one, other = [
            value(APPROVE, tenant, asked["id"], voter, asked["operation_hash"])
            for voter in (
                make.id("users", tenant, role="admin"),
                make.id("users", tenant, role="staff"),
            )
        ]
        race.run(one, other)
        query = "SELECT status FROM ticketing.multisig_approval_requests WHERE id = %s"
        return race.db.value(query, asked["id"])

    race.prove(
        look,
        Rewrite(
            "guard_multisig_vote",
            "UPDATE ticketing.multisig_approval_requests AS r\n"
            "    SET status = r.status\n"
            "    WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.request_id\n"
            "    RETURNING r.* INTO v_request;",
            "SELECT r.* INTO v_request FROM ticketing.multisig_approval_requests AS r\n"
            "    WHERE r.tenant_id = NEW.tenant_id AND r.id = NEW.request_id;",
        ),
        promised="approved",
        broken="pending",
    )


def test_23_two_copies_of_a_webhook_at_once(race: Race) -> None:
    numbers = iter(range(10))

    def look() -> object:
        nonce = f"nonce-{next(numbers)}"

        def take(connection: psycopg.Connection) -> int:
            return connection.execute(TAKE, [nonce]).rowcount

        return race.run(take, take, "ts_test_worker")

    race.prove(
        look,
        "ALTER TABLE ticketing.webhook_nonces DROP CONSTRAINT pk_webhook_nonces",
        promised=(1, 0),
        broken=(1, 1),
    )


def test_01_two_buyers_of_the_last_ticket(race: Race) -> None:
    reserve = """
        INSERT INTO ticketing.reservations
            (tenant_id, event_id, ticket_type_id, user_id, quantity)
        VALUES (%s, %s, %s, %s, 1)
    """

    def look() -> object:
        kind = race.make.ticket_type(race.tenant, 1)
        person = race.make.id("users", race.tenant)

        def buy(connection: psycopg.Connection) -> int:
            values: list[UUID] = [race.tenant, kind["event_id"], kind["id"], person]
            return connection.execute(reserve.encode(), values).rowcount

        one, other = race.run(buy, buy)
        return one, getattr(other, "sqlstate", other)

    race.prove(
        look,
        "ALTER TABLE ticketing.reservations DISABLE TRIGGER trg_reservations_90_take_insert",
        promised=(1, "TK101"),
        broken=(1, 1),
    )
