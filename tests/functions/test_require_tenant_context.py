"""require_tenant_context: the tenant of the transaction, or a loud refusal."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.session import Session

CALL = "SELECT ticketing.require_tenant_context()"
VERIFY = "SELECT ticketing.verify_tenant_context()"
ROLES = ("ticketing_app", "ticketing_worker", "ticketing_readonly")


@pytest.mark.parametrize("role", ROLES)
def test_it_returns_the_tenant(db: Session, tenant: UUID, other_tenant: UUID, role: str) -> None:
    for named in (tenant, other_tenant):
        with db.acting(role, tenant=named):
            assert db.value(CALL) == named


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("context", [None, "", "tenant", "{}0", " {}"])
def test_without_a_tenant_it_raises(
    db: Session, tenant: UUID, role: str, context: str | None
) -> None:
    with db.acting(role, tenant=context and context.format(tenant)):
        with db.refused("TK701"):
            db.value(CALL)
        assert db.value(VERIFY) is False


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("status", ["suspended", "closed", None])
def test_a_tenant_that_is_not_active_or_unknown_raises(
    db: Session, make: Make, role: str, status: str | None
) -> None:
    named = make.tenant(status=status) if status else uuid4()
    with db.acting(role, tenant=named):
        with db.refused("TK704") as by:
            db.value(CALL)
        assert by.error.diag.message_primary == f"tenant {named} is not known here or not active"
        assert db.value(VERIFY) is False


def test_a_query_that_asks_it_gets_rows_or_an_error(db: Session, make: Make, tenant: UUID) -> None:
    make.row("events", tenant)
    query = "SELECT tenant_id FROM ticketing.events WHERE tenant_id = (" + CALL + ")"
    with db.acting("ticketing_app", tenant=tenant):
        assert db.value(query) == tenant
    with db.acting("ticketing_app"), db.refused("TK701"):
        db.all(query)


def test_a_login_without_a_role_may_not_call_it(db: Session) -> None:
    with db.acting("ts_test_nobody"), db.refused("42501"):
        db.value(CALL)
