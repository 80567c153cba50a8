"""release_idempotency_lock: a request is given back, and nothing sticks."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.requests import acquire, bring, mark, release, row
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
def test_a_key_that_has_expired_can_be_given_back_still(
    db: Session, tenant: UUID, as_tenant: Acting, failed: bool
) -> None:
    held = bring(db, tenant, "expired-over")
    assert held is not None
    with as_tenant(tenant):
        assert release(db, held, failed=failed) is True
        assert acquire(db, tenant)["acquired_as"] == "new"


def test_whether_it_failed_must_be_said(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        held = acquire(db, tenant)
        with db.refused("TK001") as by:
            release(db, held, failed=None)
    assert "p_set_failed is NULL" in str(by.error)
    assert row(db, held["key_id"])["locked_by"] == held["lock_token"]


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
