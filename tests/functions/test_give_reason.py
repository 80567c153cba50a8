"""give_reason: a function says why a status changes, and sets it back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

GIVE = "SELECT ticketing.give_reason(%s)"
READ = "SELECT ticketing.status_change_reason()"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_sets_the_reason_and_returns_what_it_was(db: Session, role: str) -> None:
    with db.acting(role, reason="before"):
        assert db.value(GIVE, "after") == "before"
        assert db.value(READ) == "after"
        assert db.value(GIVE, "before") == "after"
        assert db.value(READ) == "before"


def test_a_reason_that_was_never_set_comes_back_as_none(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        before = db.value(GIVE, "after")
        assert before == ""
        db.value(GIVE, before)
        assert db.value(READ) is None


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_reason_takes_the_reason_away(
    db: Session, tenant: UUID, as_tenant: Acting, nothing: str | None
) -> None:
    with as_tenant(tenant):
        db.value(GIVE, "before")
        assert db.value(GIVE, nothing) == "before"
        assert db.value(READ) is None


def test_it_ends_with_the_transaction_or_the_savepoint(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.connection.transaction(force_rollback=True):
            db.value(GIVE, "inside")
        assert db.value(READ) is None


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_others_may_not_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(GIVE, "mine")
