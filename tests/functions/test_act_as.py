"""act_as: a function that acts by a rule says so, and sets back what was said before."""

from __future__ import annotations

from uuid import UUID

import pytest

from support.session import Session

ACT = "SELECT ticketing.act_as(%s)"
WHO = "SELECT ticketing.current_actor_type()"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_sets_the_actor_and_returns_the_one_before(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant, actor="user"):
        before = db.value(ACT, "system")
        assert (before, db.value(WHO)) == ("user", "system")
        assert db.value(ACT, before) == "system"
        assert db.value(WHO) == "user"


def test_nothing_before_is_set_back_to_nothing(db: Session, tenant: UUID) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        db.value(ACT, db.value(ACT, "admin"))
        assert db.value(WHO) == "service"


def test_null_is_nothing(db: Session, tenant: UUID) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor="admin"):
        db.value(ACT, None)
        assert db.value(WHO) == "service"


def test_an_error_sets_it_back_by_itself(db: Session, tenant: UUID) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor="user"):
        with db.refused("22012"):
            db.value(ACT, "system")
            db.value("SELECT 1 / 0")
        assert db.value(WHO) == "user"


def test_it_ends_with_the_transaction(db: Session) -> None:
    db.value(ACT, "system")
    db.connection.rollback()
    assert db.value(WHO) == "service"


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_who_changes_nothing_need_not_call_it(db: Session, role: str) -> None:
    with db.acting(role), db.refused("42501"):
        db.value(ACT, "system")
