"""set_idempotency_recovery_point: the next attempt is told how far the last one came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.requests import acquire, bring, mark, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting


def test_the_phase_is_written_and_nothing_else_changes(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        before = row(db, held["key_id"])
        assert mark(db, held, "charged") is True
        after = row(db, held["key_id"])
    assert before["recovery_point"] == "started"
    assert after == before | {"recovery_point": "charged", "updated_at": after["updated_at"]}


def test_each_phase_follows_the_last_and_may_be_said_twice(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        for point in ("charged", "charged", "sent"):
            assert mark(db, held, point) is True
            assert row(db, held["key_id"])["recovery_point"] == point


def test_a_phase_that_is_rolled_back_is_not_marked(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        with db.connection.transaction(force_rollback=True):
            mark(db, held, "charged")
    assert row(db, held["key_id"])["recovery_point"] == "started"


def test_a_lease_that_ran_out_does_no_harm_as_long_as_nobody_took_over(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, tenant, "over")
    assert held is not None
    with as_tenant(tenant):
        assert mark(db, held) is True
        assert acquire(db, tenant)["recovery_point"] == "charged"


@pytest.mark.parametrize("state", ["returned", "failed", "completed"])
def test_what_is_not_held_is_not_marked(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    held = bring(db, tenant, state)
    assert held is not None
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert mark(db, held) is False
    assert row(db, held["key_id"]) == before


def test_who_was_overtaken_marks_nothing(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    late = bring(db, tenant, "over")
    assert late is not None
    with as_tenant(tenant):
        holder = acquire(db, tenant)
        assert mark(db, late, "charged") is False
        assert mark(db, holder, "sent") is True
    assert row(db, holder["key_id"])["recovery_point"] == "sent"


def test_a_wrong_token_marks_nothing(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held, other = acquire(db, tenant), acquire(db, tenant, key="other")
        assert mark(db, held, lock_token=other["lock_token"]) is False
        assert mark(db, held, key_id=uuid4()) is False
    assert row(db, held["key_id"])["recovery_point"] == "started"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("key_id", None),
        ("lock_token", None),
        ("recovery_point", None),
        ("recovery_point", ""),
        ("recovery_point", "p" * 101),
    ],
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, name: str, value: Any
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        with db.refused("TK001") as by:
            mark(db, held, **{name: value})
    assert f"p_{name} is" in str(by.error)


@pytest.mark.parametrize("point", ["p", "\u00fc" * 100])
def test_a_name_at_the_edge_is_accepted(
    db: Session, tenant: UUID, as_tenant: Acting, point: str
) -> None:
    with as_tenant(tenant):
        assert mark(db, acquire(db, tenant), point) is True


def test_another_tenants_request_is_out_of_reach(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, other_tenant, "live")
    assert held is not None
    with as_tenant(tenant):
        assert mark(db, held) is False
    assert row(db, held["key_id"])["recovery_point"] == "started"


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, context: Any
) -> None:
    held = bring(db, tenant, "live")
    assert held is not None
    with as_tenant(context), db.refused("TK701"):
        mark(db, held)


def test_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    held = bring(db, tenant, "live")
    assert held is not None
    for acting in (as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            mark(db, held)
