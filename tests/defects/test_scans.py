"""Scans that could not be repeated, or that the caller decided."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make, Row
from support.session import Session

from .defect import Rewrite, answer, prove

if TYPE_CHECKING:
    from conftest import Acting

SCAN = "SELECT result FROM ticketing.record_scan_attempt(%s, %s, %s, p_result => %s)"


@pytest.fixture
def event(make: Make, tenant: UUID) -> UUID:
    soon = datetime.now(UTC) + timedelta(hours=1)
    return make.id("events", tenant, starts_at=soon, ends_at=soon + timedelta(hours=3))


@pytest.fixture
def ticket(make: Make, tenant: UUID, event: UUID) -> Row:
    user = make.id("users", tenant)
    return make.row("tickets", tenant, event_id=event, status="active", user_id=user)


def test_02_one_scan_per_ticket_ever(
    db: Session, tenant: UUID, event: UUID, ticket: Row, as_tenant: Acting
) -> None:
    def look() -> list[str]:
        with as_tenant(tenant):
            return [answer(db, SCAN, tenant, ticket["id"], event, None) for _ in range(3)]

    prove(
        db,
        look,
        "CREATE UNIQUE INDEX ON ticketing.ticket_scans (tenant_id, ticket_id, event_id)",
        promised=["valid", "duplicate", "duplicate"],
        broken=["valid", "23505", "23505"],
    )


def test_03_a_result_that_the_caller_decides(
    db: Session, make: Make, tenant: UUID, *, event: UUID, ticket: Row, as_tenant: Acting
) -> None:
    make.advance("tickets", ticket["id"], "revoked")

    def look() -> str:
        with as_tenant(tenant):
            seen: str = answer(db, SCAN, tenant, ticket["id"], event, "valid")
            return seen

    believed = Rewrite(
        "record_scan_attempt",
        "IF result = 'valid' AND p_result <> 'valid' THEN",
        "IF p_result IS NOT NULL THEN",
    )
    # Believing alone is not enough: the state machine does not let a revoked ticket in.
    prove(
        db,
        look,
        believed,
        "ALTER TABLE ticketing.tickets DISABLE TRIGGER trg_tickets_05_change_status",
        promised="revoked",
        broken="valid",
    )
