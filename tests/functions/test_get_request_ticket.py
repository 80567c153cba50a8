"""get_request_ticket: one request, or the error that it is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT * FROM ticketing.get_request_ticket(%s)"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_it_returns_the_request_whole(db: Session, make: Make, tenant: UUID, role: str) -> None:
    make.row("request_tickets", tenant)
    row = make.row("request_tickets", tenant, priority=100, description="Abbey Road")
    with db.acting(role, tenant=tenant):
        assert db.one(CALL, row["id"]) == row


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_closed_request_is_still_there(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, state: str
) -> None:
    row = make.id("request_tickets", tenant)
    with db.saying(reason="over"):
        db.run(
            "UPDATE ticketing.request_tickets SET state = %s, cancelled_by = %s",
            *(state, row if state == "cancelled" else None),
        )
    with as_tenant(tenant):
        assert db.one(CALL, row)["state"] == state


def test_a_customer_reads_the_tenants_requests(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    row = make.id("request_tickets", tenant)
    with as_user(tenant, make.id("users", tenant)):
        assert db.one(CALL, row)["id"] == row


def test_an_unknown_request_another_tenants_and_none_at_all_are_not_found(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("request_tickets", other_tenant)
    said = []
    for wanted in (uuid4(), theirs, None):
        with as_tenant(tenant), db.refused("TK141") as by:
            db.one(CALL, wanted)
        said.append(str(by.error).replace(str(wanted), "").replace("<NULL>", ""))
    assert len(set(said)) == 1


def test_without_a_tenant_it_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("request_tickets", tenant)
    for role in ("ticketing_app", "ticketing_worker", "ticketing_readonly"):
        with db.acting(role), db.refused("TK701"):
            db.one(CALL, row)


def test_a_login_without_a_role_may_not_ask(db: Session, as_nobody: Acting) -> None:
    with as_nobody(), db.refused("42501"):
        db.one(CALL, uuid4())
