"""Policies of outbox: services write inside one tenant, the relay drains every tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

ADD = """
    INSERT INTO ticketing.outbox (tenant_id, aggregate_type, aggregate_id, event_type, payload)
    VALUES (%s, 'ticket', '1', 'ticket.sold', '{}')
"""
CLAIM = """
    UPDATE ticketing.outbox
    SET status = 'processing', locked_by = 'relay', locked_until = now() + interval '1 minute'
"""


@pytest.fixture
def both(make: Make, tenant: UUID, other_tenant: UUID) -> set[UUID]:
    """An event in each of two tenants."""
    return {make.id("outbox", tenant), make.id("outbox", other_tenant)}


def seen(db: Session) -> set[UUID]:
    return {row["tenant_id"] for row in db.all("SELECT tenant_id FROM ticketing.outbox")}


def test_the_relay_claims_and_deletes_the_events_of_every_tenant(
    tenant: UUID, other_tenant: UUID, both: set[UUID], as_worker: Acting
) -> None:
    with as_worker() as relay:
        assert seen(relay) == {tenant, other_tenant}
        locked = relay.all("SELECT id FROM ticketing.outbox FOR UPDATE SKIP LOCKED")
        assert {row["id"] for row in locked} == both
        assert relay.run(CLAIM) == 2
        assert relay.run("DELETE FROM ticketing.outbox") == 2


@pytest.mark.parametrize(
    "column", ["tenant_id", "id", "payload", "headers", "event_type", "aggregate_id", "created_at"]
)
@pytest.mark.usefixtures("both")
def test_the_relay_changes_no_event(as_worker: Acting, column: str) -> None:
    with as_worker() as relay, relay.refused("42501"):
        relay.run(f"UPDATE ticketing.outbox SET {column} = {column}")


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_an_event_is_added_inside_the_tenant_of_the_session(
    db: Session, tenant: UUID, other_tenant: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        assert db.run(ADD, tenant) == 1
        with db.refused("42501"):
            db.run(ADD, other_tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seq", "9000000000000000000"),
        ("status", "'dead'"),
        ("attempts", "1"),
        ("next_attempt_at", "now() + interval '1 year'"),
        ("last_attempt_at", "now()"),
        ("processed_at", "NULL"),
        ("created_at", "now()"),
    ],
)
def test_who_adds_an_event_gives_it_neither_a_number_nor_a_delivery(
    db: Session, tenant: UUID, *, role: str, column: str, value: str
) -> None:
    """One number far ahead would make readers of the log pass all that follow, of every tenant."""
    given = ADD.replace("payload)", f"payload, {column}) OVERRIDING SYSTEM VALUE").replace(
        "'{}')", f"'{{}}', {value})"
    )
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(given, tenant)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_without_a_tenant_no_event_is_added(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.run(ADD, tenant)


@pytest.mark.usefixtures("both")
def test_a_service_sees_the_events_of_its_tenant(tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant) as service:
        assert seen(service) == {tenant}


@pytest.mark.usefixtures("both")
def test_a_service_without_a_tenant_sees_none(db: Session) -> None:
    with db.acting("ticketing_app"):
        assert seen(db) == set()


@pytest.mark.parametrize("statement", [CLAIM, "DELETE FROM ticketing.outbox"])
@pytest.mark.usefixtures("both")
def test_a_service_neither_claims_nor_deletes(
    tenant: UUID, as_tenant: Acting, statement: str
) -> None:
    with as_tenant(tenant) as service, service.refused("42501"):
        service.run(statement)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
@pytest.mark.parametrize("statement", ["SELECT FROM ticketing.outbox", CLAIM])
def test_everybody_else_is_refused(
    db: Session, tenant: UUID, both: set[UUID], role: str, statement: str
) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(statement)
