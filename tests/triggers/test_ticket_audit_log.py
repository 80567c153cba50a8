"""Triggers of ticket_audit_log: what they refuse does not hinder a new row."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.session import Session


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_adds_rows(db: Session, tenant: UUID, role: str) -> None:
    add = "INSERT INTO ticketing.ticket_audit_log (tenant_id, action) VALUES (%s, 'looked')"
    with db.acting(role, tenant=tenant):
        assert db.run(add, tenant) == 1
        assert db.value("SELECT action FROM ticketing.ticket_audit_log") == "looked"
