"""What the holder of an idempotent request may call: each call tells the holder from all others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Row
from support.requests import acquire, bring, complete, extend, mark, release, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

Call = Callable[..., bool]


def prolong(db: Session, held: Row, **given: Any) -> bool:
    """Prolongs the lease so far that it shows."""
    return extend(db, held, **({"lock_duration": "1 hour"} | given))


# The functions, and the ways to call them.
FUNCTIONS: dict[str, list[Call]] = {
    "complete_idempotency_key": [complete],
    "extend_idempotency_lock": [prolong],
    "release_idempotency_lock": [release, partial(release, failed=True)],
    "set_idempotency_recovery_point": [mark],
}
CALLS = [
    pytest.param(call, id=f"{function}-{number}" if number else function)
    for function, ways in FUNCTIONS.items()
    for number, call in enumerate(ways)
]
each = pytest.mark.parametrize("call", CALLS)


def brought(db: Session, tenant: UUID, state: str) -> Row:
    """Returns what was acquired of a request that is in a state now."""
    held = bring(db, tenant, state)
    assert held is not None
    return held


def test_every_function_that_takes_the_token_of_a_request_is_tested(db: Session) -> None:
    taking = db.all(
        """
        SELECT proname AS name FROM pg_proc
        WHERE pronamespace = 'ticketing'::regnamespace AND 'p_lock_token' = ANY (proargnames)
        """
    )
    assert {row["name"] for row in taking} == FUNCTIONS.keys()


@pytest.mark.parametrize("state", ["live", "over", "expired-over"])
@each
def test_the_holder_is_heard_as_long_as_nobody_took_over(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call, state: str
) -> None:
    held = brought(db, tenant, state)
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert call(db, held) is True
    assert row(db, held["key_id"]) != before


@pytest.mark.parametrize("state", ["over", "expired-over"])
@each
def test_who_was_overtaken_is_told_and_changes_nothing(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call, state: str
) -> None:
    late = brought(db, tenant, state)
    with as_tenant(tenant):
        holder = acquire(db, tenant)
        before = row(db, holder["key_id"])
        assert call(db, late) is False
        assert row(db, holder["key_id"]) == before
        assert acquire(db, tenant)["outcome"] == "in_progress"
        assert complete(db, holder)


@pytest.mark.parametrize("state", ["returned", "failed", "expired-returned"])
@each
def test_what_was_given_back_is_not_held(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call, state: str
) -> None:
    held = brought(db, tenant, state)
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert call(db, held) is False
    assert row(db, held["key_id"]) == before


@pytest.mark.parametrize("call", [call for call in CALLS if call.id != "complete_idempotency_key"])
def test_what_was_answered_is_not_held(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call
) -> None:
    held = brought(db, tenant, "completed")
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert call(db, held) is False
    assert row(db, held["key_id"]) == before


@each
def test_a_wrong_token_or_key_changes_nothing(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call
) -> None:
    with as_tenant(tenant):
        held, other = acquire(db, tenant), acquire(db, tenant, key="other")
        before = row(db, held["key_id"]), row(db, other["key_id"])
        token = held["lock_token"]
        for wrong in ("", "node:", "node", "NODE", token.upper(), other["lock_token"]):
            assert call(db, held, lock_token=wrong) is False
        for wrong in (uuid4(), other["key_id"]):
            assert call(db, held, key_id=wrong) is False
        assert (row(db, held["key_id"]), row(db, other["key_id"])) == before


@pytest.mark.parametrize("name", ["key_id", "lock_token"])
@each
def test_a_missing_key_or_token_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call, name: str
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        before = row(db, held["key_id"])
        with db.refused("TK001") as by:
            call(db, held, **{name: None})
        assert row(db, held["key_id"]) == before
    assert f"p_{name} is NULL" in str(by.error)


@each
def test_another_tenants_request_is_out_of_reach(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting, call: Call
) -> None:
    held = brought(db, other_tenant, "live")
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert call(db, held) is False
    assert row(db, held["key_id"]) == before


@pytest.mark.parametrize("context", [None, "", "nonsense"])
@each
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, call: Call, context: Any
) -> None:
    held = brought(db, tenant, "live")
    with as_tenant(context), db.refused("TK701"):
        call(db, held)


@each
def test_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, *, as_readonly: Acting, as_nobody: Acting, call: Call
) -> None:
    held = brought(db, tenant, "live")
    for acting in (as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            call(db, held)


@each
def test_a_customer_and_a_worker_may(
    db: Session, tenant: UUID, *, as_user: Acting, as_worker: Acting, call: Call
) -> None:
    for acting in (as_user(tenant, uuid4()), as_worker(tenant=tenant)):
        with acting:
            assert call(db, acquire(db, tenant, key=str(uuid4()))) is True
