"""release_idempotency_lock: a request is given back, and nothing sticks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.requests import acquire, bring, complete, mark, release, row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LEASE = ("locked_at", "locked_by", "lock_expires_at")


@pytest.mark.parametrize(
    ("failed", "status", "acquired_as"),
    [(False, "processing", "recovered"), (True, "failed", "retry")],
)
def test_it_is_free_at_once_and_nothing_else_is_lost(
    db: Session, tenant: UUID, as_tenant: Acting, *, failed: bool, status: str, acquired_as: str
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        mark(db, held, "charged")
        before = row(db, held["key_id"])
        assert release(db, held, failed=failed) is True
        after = row(db, held["key_id"])
        assert after == before | dict.fromkeys(LEASE) | {
            "status": status,
            "updated_at": after["updated_at"],
        }
        again = acquire(db, tenant)
    assert (again["outcome"], again["acquired_as"]) == ("acquired", acquired_as)
    assert again["recovery_point"] == "charged"


def test_unless_told_it_did_not_fail(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        call = "SELECT ticketing.release_idempotency_lock(%s, p_lock_token => %s)"
        assert db.value(call, held["key_id"], held["lock_token"]) is True
    assert row(db, held["key_id"])["status"] == "processing"


def test_the_order_of_the_arguments_is_that_of_the_seed(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        call = "SELECT ticketing.release_idempotency_lock(%s, TRUE, %s)"
        assert db.value(call, held["key_id"], held["lock_token"]) is True
    assert row(db, held["key_id"])["status"] == "failed"


@pytest.mark.parametrize("failed", [False, True])
def test_a_lease_that_ran_out_can_be_given_back_still(
    db: Session, tenant: UUID, as_tenant: Acting, failed: bool
) -> None:
    held = bring(db, tenant, "over")
    assert held is not None
    with as_tenant(tenant):
        assert release(db, held, failed=failed) is True


@pytest.mark.parametrize("failed", [False, True])
def test_a_key_that_has_expired_can_be_given_back_still(
    db: Session, tenant: UUID, as_tenant: Acting, failed: bool
) -> None:
    held = bring(db, tenant, "expired-over")
    assert held is not None
    with as_tenant(tenant):
        assert release(db, held, failed=failed) is True
        assert acquire(db, tenant)["acquired_as"] == "new"


@pytest.mark.parametrize("state", ["returned", "failed", "completed"])
@pytest.mark.parametrize("failed", [False, True])
def test_what_is_not_held_is_not_given_back(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, failed: bool
) -> None:
    held = bring(db, tenant, state)
    assert held is not None
    before = row(db, held["key_id"])
    with as_tenant(tenant):
        assert release(db, held, failed=failed) is False
    assert row(db, held["key_id"]) == before


@pytest.mark.parametrize("failed", [False, True])
def test_who_was_overtaken_gives_nothing_back(
    db: Session, tenant: UUID, as_tenant: Acting, failed: bool
) -> None:
    late = bring(db, tenant, "over")
    assert late is not None
    with as_tenant(tenant):
        holder = acquire(db, tenant)
        assert release(db, late, failed=failed) is False
        assert acquire(db, tenant)["outcome"] == "in_progress"
        assert complete(db, holder)


def test_a_wrong_token_gives_nothing_back(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held, other = acquire(db, tenant), acquire(db, tenant, key="other")
        assert release(db, held, lock_token=other["lock_token"]) is False
        assert release(db, held, lock_token="") is False
        assert release(db, held, key_id=uuid4()) is False
        assert row(db, held["key_id"])["locked_by"] == held["lock_token"]


@pytest.mark.parametrize("name", ["key_id", "set_failed", "lock_token"])
def test_a_missing_argument_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, name: str
) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        with db.refused("TK001") as by:
            release(db, held, **{name: None})
    assert f"p_{name} is NULL" in str(by.error)
    assert row(db, held["key_id"])["locked_by"] == held["lock_token"]


def test_another_tenants_request_is_out_of_reach(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, other_tenant, "live")
    assert held is not None
    with as_tenant(tenant):
        assert release(db, held) is False
    assert row(db, held["key_id"])["locked_by"] == held["lock_token"]


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, context: Any
) -> None:
    held = bring(db, tenant, "live")
    assert held is not None
    with as_tenant(context), db.refused("TK701"):
        release(db, held)


def test_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    held = bring(db, tenant, "live")
    assert held is not None
    for acting in (as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            release(db, held)


def test_a_customer_and_a_worker_may(
    db: Session, tenant: UUID, as_user: Acting, as_worker: Acting
) -> None:
    for acting in (as_user(tenant, uuid4()), as_worker(tenant=tenant)):
        with acting:
            held = acquire(db, tenant, key=str(uuid4()))
            assert release(db, held, failed=True) is True


def test_it_is_given_back_once_however_many_ask(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        session = Session(connection)
        tenant = Make(session).tenant()
        held = bring(session, tenant, "live")
    assert held is not None

    def act(connection: psycopg.Connection, number: int) -> bool:
        return release(Session(connection), held, failed=number % 2 == 0)

    results = race(clone, "ts_test_app", 10, act, tenant=tenant)

    assert Counter(results) == {True: 1, False: 9}
