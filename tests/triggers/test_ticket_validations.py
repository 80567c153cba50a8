"""Triggers of ticket_validations: what they refuse does not hinder a new row."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_a_service_adds_as_many_as_it_likes(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    ticket = make.id("tickets", tenant)
    add = "INSERT INTO ticketing.ticket_validations (tenant_id, ticket_id) VALUES (%s, %s)"
    with db.acting(role, tenant=tenant):
        for _ in range(2):
            assert db.run(add, tenant, ticket) == 1
        assert db.value("SELECT count(*) FROM ticketing.ticket_validations") == 2
