"""audit_events: rules of the table."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.session import Session

OF_A_SERVICE = ("service_started", "service_stopped")
OF_A_TICKET = (
    *("ticket_created", "ticket_updated", "ticket_claimed", "ticket_released"),
    *("ticket_cancelled", "ticket_state_changed"),
)


@pytest.mark.parametrize("kind", [*OF_A_SERVICE, *OF_A_TICKET])
def test_each_kind_of_event_is_accepted(make: Make, tenant: UUID, kind: str) -> None:
    row = make.row("audit_events", tenant, event_type=kind)
    assert (row["ticket_id"] is None) == (kind in OF_A_SERVICE)
    assert row["data"] == {}


@pytest.mark.parametrize("kind", ["ticket_deleted", "", "Ticket_created"])
def test_any_other_kind_is_refused(db: Session, make: Make, tenant: UUID, kind: str) -> None:
    with db.refused("23514", "chk_audit_events_type"):
        make.row("audit_events", tenant, event_type=kind)


@pytest.mark.parametrize("kind", OF_A_SERVICE)
def test_an_event_of_a_service_names_no_request(
    db: Session, make: Make, tenant: UUID, kind: str
) -> None:
    request = make.id("request_tickets", tenant)
    with db.refused("23514", "chk_audit_events_ticket"):
        make.row("audit_events", tenant, event_type=kind, ticket_id=request)


@pytest.mark.parametrize("kind", OF_A_TICKET)
def test_an_event_of_a_request_names_it(db: Session, make: Make, tenant: UUID, kind: str) -> None:
    with db.refused("23514", "chk_audit_events_ticket"):
        make.row("audit_events", tenant, event_type=kind, ticket_id=None)


@pytest.mark.parametrize("data", [[], "x", 1, None])
def test_data_are_an_object(db: Session, make: Make, tenant: UUID, data: Any) -> None:
    with db.refused("23514", "chk_audit_events_data"):
        make.row("audit_events", tenant, data=Jsonb(data))


@pytest.mark.parametrize("column", ["event_type", "data", "occurred_at"])
def test_a_missing_value_is_refused(db: Session, make: Make, tenant: UUID, column: str) -> None:
    request = make.id("request_tickets", tenant)
    columns = {"event_type": "ticket_updated", "data": Jsonb({}), "occurred_at": None}
    columns |= {column: None}
    if column != "occurred_at":
        del columns["occurred_at"]
    with db.refused("23502"):
        db.run(
            f"INSERT INTO ticketing.audit_events (tenant_id, ticket_id, {', '.join(columns)})"
            f" VALUES (%s, %s, {', '.join(['%s'] * len(columns))})",
            *(tenant, request, *columns.values()),
        )


def test_the_request_must_be_one_of_the_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    for stranger in (uuid4(), make.id("request_tickets", other_tenant)):
        with db.refused("23503", "fk_audit_events_ticket_id"):
            make.row("audit_events", tenant, ticket_id=stranger)


def test_a_request_with_events_cannot_be_deleted(db: Session, make: Make, tenant: UUID) -> None:
    request = make.id("request_tickets", tenant)
    restricted = "23001" if db.connection.info.server_version >= 180000 else "23503"
    with db.refused(restricted, "fk_audit_events_ticket_id"):
        db.run("DELETE FROM ticketing.request_tickets WHERE id = %s", request)


def test_an_id_exists_once_in_a_tenant_and_again_in_another(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID
) -> None:
    made = make.id("audit_events", tenant)
    with db.refused("23505", "pk_audit_events"):
        make.row("audit_events", tenant, id=made)
    assert make.id("audit_events", other_tenant, id=made) == made


def test_the_sequence_is_the_databases(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("428C9"):
        make.row("audit_events", tenant, seq=1)
    first, second = (make.row("audit_events", tenant) for _ in range(2))
    assert first["seq"] < second["seq"]
    assert first["occurred_at"] < second["occurred_at"]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_everybody_reads_and_nobody_writes_by_hand(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    event = make.id("audit_events", tenant)
    with db.acting(role, tenant=tenant):
        assert db.all("SELECT id FROM ticketing.audit_events WHERE id = %s", event)
        with db.refused("42501"):
            db.run(
                "INSERT INTO ticketing.audit_events (tenant_id, event_type)"
                " VALUES (%s, 'service_started')",
                tenant,
            )
