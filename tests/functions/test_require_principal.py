"""require_principal: a customer's session asks for itself alone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.require_principal(%s)"
ALICE, BOB = UUID(int=10), UUID(int=11)


@pytest.mark.parametrize("asked", [None, ALICE])
def test_a_service_asks_for_whom_it_names(
    db: Session, tenant: UUID, as_tenant: Acting, asked: UUID | None
) -> None:
    with as_tenant(tenant):
        assert db.value(CALL, asked) == asked
        assert db.value("SELECT ticketing.require_principal()") is None


@pytest.mark.parametrize("asked", [None, ALICE])
@pytest.mark.parametrize("user_role", ["user", "venue_owner", "", "nonsense"])
def test_a_customer_asks_for_themselves(
    db: Session, tenant: UUID, as_user: Acting, *, asked: UUID | None, user_role: str
) -> None:
    with as_user(tenant, ALICE, user_role):
        assert db.value(CALL, asked) == ALICE


@pytest.mark.parametrize("user_role", ["user", "venue_owner", "", "nonsense"])
def test_a_customer_does_not_ask_for_another(
    db: Session, tenant: UUID, as_user: Acting, user_role: str
) -> None:
    with as_user(tenant, ALICE, user_role), db.refused("TK401") as by:
        db.value(CALL, BOB)
    assert str(ALICE) not in str(by.error)


@pytest.mark.parametrize("user_role", ["staff", "scanner", "admin", "superadmin"])
@pytest.mark.parametrize(("asked", "answer"), [(None, ALICE), (ALICE, ALICE), (BOB, BOB)])
def test_staff_ask_for_themselves_or_for_whom_they_name(
    db: Session,
    tenant: UUID,
    as_user: Acting,
    *,
    user_role: str,
    asked: UUID | None,
    answer: UUID,
) -> None:
    with as_user(tenant, ALICE, user_role):
        assert db.value(CALL, asked) == answer


@pytest.mark.parametrize("asked", [None, ALICE])
@pytest.mark.parametrize("user", ["nonsense", f"{ALICE}0", f" {ALICE}"])
def test_a_malformed_user_does_not_pass_for_the_service(
    db: Session, tenant: UUID, *, asked: UUID | None, user: str
) -> None:
    with db.acting("ticketing_app", tenant=tenant, user=user), db.refused("TK401"):
        db.value(CALL, asked)


def test_workers_may_and_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, *, as_worker: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_worker():
        assert db.value(CALL, ALICE) == ALICE
    for acting in (as_readonly(tenant), as_nobody()):
        with acting, db.refused("42501"):
            db.value(CALL, ALICE)
