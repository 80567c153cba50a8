"""require_tenant: a call is for the tenant of its transaction, or it is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.require_tenant(%s)"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_the_tenant_of_the_transaction_passes(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant):
        assert db.run(CALL, tenant) == 1


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, context: str | None
) -> None:
    with db.acting("ticketing_app", tenant=context), db.refused("TK701"):
        db.run(CALL, tenant)


def test_another_tenant_is_refused_and_not_named(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("TK702") as refused:
        db.run(CALL, other_tenant)
    assert str(tenant) not in str(refused.error)


def test_no_tenant_in_the_call_is_another_tenant(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("TK702"):
        db.run(CALL, None)


def test_a_login_without_a_role_may_not_call_it(
    db: Session, tenant: UUID, as_nobody: Acting
) -> None:
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.run(CALL, tenant)
