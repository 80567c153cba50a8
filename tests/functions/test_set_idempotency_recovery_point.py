"""set_idempotency_recovery_point: the next attempt is told how far the last one came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

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


@pytest.mark.parametrize(
    ("name", "value"),
    [
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
