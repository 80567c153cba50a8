"""Policies of ticket_scans: who was where and when is not a customer's to read."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

COUNT = "SELECT count(*) FROM ticketing.ticket_scans"
INSERT = """
    INSERT INTO ticketing.ticket_scans (tenant_id, ticket_id, event_id, result)
    VALUES (%s, %s, %s, 'valid')
"""


@pytest.mark.parametrize("user_role", ["user", "venue_owner", "stranger", ""])
def test_a_customer_sees_no_scan_not_even_of_an_own_ticket(
    db: Session, make: Make, tenant: UUID, *, as_user: Acting, user_role: str
) -> None:
    user = make.id("users", tenant)
    ticket = make.id("tickets", tenant, status="active", user_id=user)
    make.row("ticket_scans", tenant, ticket_id=ticket)
    with as_user(tenant, user, user_role):
        assert db.value(COUNT) == 0


@pytest.mark.parametrize("user_role", ["staff", "scanner", "admin", "superadmin"])
def test_those_who_act_for_the_tenant_see_its_scans(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_user: Acting, user_role: str
) -> None:
    make.row("ticket_scans", tenant)
    make.row("ticket_scans", other_tenant)
    with as_user(tenant, make.id("users", tenant), user_role):
        assert db.value(COUNT) == 1


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_no_role_writes_a_scan_by_hand(db: Session, make: Make, tenant: UUID, role: str) -> None:
    ticket = make.row("tickets", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501") as by:
        db.run(INSERT, tenant, ticket["id"], ticket["event_id"])
    # By the grant, and not only by the want of a policy.
    assert "permission denied for table" in str(by.error)


@pytest.mark.parametrize("role", ["ts_test_migrator", "ts_test_nobody"])
def test_who_is_not_the_owner_itself_sees_nothing_through_the_owners_policies(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    make.row("ticket_scans", tenant)
    with db.acting(role, tenant=tenant):
        if role == "ts_test_migrator":  # a member of the owner, and so granted the table
            assert db.value(COUNT) == 0
        else:
            with db.refused("42501"):
                db.run(COUNT)


def test_who_is_not_the_owner_itself_adds_nothing_through_the_owners_policies(
    db: Session, make: Make, tenant: UUID
) -> None:
    ticket = make.row("tickets", tenant)
    with db.acting("ts_test_migrator", tenant=tenant), db.refused("42501") as by:
        db.run(INSERT, tenant, ticket["id"], ticket["event_id"])
    assert "row-level security" in str(by.error)
