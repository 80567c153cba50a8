"""Triggers of audit_events: what happened stays."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

CHANGES = [
    "UPDATE ticketing.audit_events SET data = '{}'",
    "UPDATE ticketing.audit_events SET data = '{}' WHERE FALSE",
    "TRUNCATE ticketing.audit_events",
]
DELETE = "DELETE FROM ticketing.audit_events WHERE tenant_id = %s"


@pytest.mark.parametrize("change", [*CHANGES, "DELETE FROM ticketing.audit_events"])
def test_not_even_a_superuser_rewrites_what_happened(
    db: Session, make: Make, tenant: UUID, change: str
) -> None:
    make.id("audit_events", tenant)
    with db.refused("TK003"):
        db.run(change)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
@pytest.mark.parametrize("change", [*CHANGES, "DELETE FROM ticketing.audit_events"])
def test_no_role_may_even_try(
    db: Session, make: Make, tenant: UUID, *, role: str, change: str
) -> None:
    make.id("audit_events", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(change)


def test_the_owner_deletes_for_retention_and_does_nothing_else(
    db: Session, make: Make, tenant: UUID
) -> None:
    make.id("audit_events", tenant)
    with db.acting("ticketing_owner", tenant=tenant):
        for change in CHANGES:
            with db.refused("TK003"):
                db.run(change)
        # Row level security hides the rows from it; that it may try is what counts here.
        assert db.run(DELETE, tenant) == 0
