"""cleanup_expired_idempotency_keys: what protects nothing any more leaves."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.requests import acquire, bring, pass_time
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CLEAN = "SELECT ticketing.cleanup_expired_idempotency_keys()"
CLEAN_SOME = "SELECT ticketing.cleanup_expired_idempotency_keys(%s)"
COUNT = "SELECT count(*) FROM ticketing.idempotency_keys"
KEYS = "SELECT idempotency_key FROM ticketing.idempotency_keys ORDER BY expires_at"


@pytest.mark.parametrize("state", ["over", "returned", "completed", "failed"])
def test_a_key_leaves_when_it_has_expired_and_not_before(
    db: Session, tenant: UUID, as_worker: Acting, state: str
) -> None:
    bring(db, tenant, state)
    with as_worker():
        assert db.value(CLEAN) == 0
    pass_time(db, "23 hours 54 minutes")
    with as_worker():
        assert db.value(CLEAN) == 0
    pass_time(db, "6 minutes")
    with as_worker():
        assert db.value(CLEAN) == 1
    assert db.value(COUNT) == 0


def test_what_somebody_holds_stays(db: Session, tenant: UUID, as_worker: Acting) -> None:
    bring(db, tenant, "over")
    pass_time(db, "25 hours")
    lease = "UPDATE ticketing.idempotency_keys SET lock_expires_at = clock_timestamp() + %s"
    db.run(lease, "1 minute")
    with as_worker():
        assert db.value(CLEAN) == 0
    db.run(lease, "-1 millisecond")
    with as_worker():
        assert db.value(CLEAN) == 1


def test_a_job_without_a_tenant_cleans_up_for_all(
    db: Session, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    for owner in (tenant, other_tenant):
        bring(db, owner, "completed")
    pass_time(db, "25 hours")
    with as_worker():
        assert db.value(CLEAN) == 2


def test_a_job_with_a_tenant_cleans_up_for_that_one(
    db: Session, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    for owner in (tenant, other_tenant):
        bring(db, owner, "completed")
    pass_time(db, "25 hours")
    with as_worker(tenant=tenant):
        assert db.value(CLEAN) == 1
        assert db.value(CLEAN) == 0
    left = "SELECT tenant_id FROM ticketing.idempotency_keys"
    assert db.value(left) == other_tenant


@pytest.mark.parametrize(("size", "left"), [(1, ["b", "c"]), (2, ["c"]), (3, []), (100000, [])])
def test_a_batch_takes_the_oldest_first(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, size: int, left: list[str]
) -> None:
    for key in ("c", "a", "b"):
        make.row("idempotency_keys", tenant, idempotency_key=key)
    order = "UPDATE ticketing.idempotency_keys SET expires_at = created_at + %s * interval '1 h'"
    for hours, key in ((3, "c"), (1, "a"), (2, "b")):
        db.run(f"{order} WHERE idempotency_key = %s", hours, key)
    pass_time(db, "25 hours")
    # An index that happens to be in order must not stand in for the order asked for.
    db.run("SET LOCAL enable_indexscan = off")
    db.run("SET LOCAL enable_bitmapscan = off")
    with as_worker():
        assert db.value(CLEAN_SOME, size) == min(size, 3)
    assert [row["idempotency_key"] for row in db.all(KEYS)] == left


@pytest.mark.parametrize("size", [None, 0, -1, 100001])
def test_a_batch_out_of_range_is_refused(db: Session, as_worker: Acting, size: int | None) -> None:
    with as_worker(), db.refused("TK001") as by:
        db.value(CLEAN_SOME, size)
    assert "p_batch is not 1 to 100000" in str(by.error)


def test_it_is_for_background_jobs_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            db.value(CLEAN)


def test_a_key_may_be_used_anew_afterwards(
    db: Session, tenant: UUID, as_tenant: Acting, as_worker: Acting
) -> None:
    bring(db, tenant, "expired-completed")
    with as_worker():
        assert db.value(CLEAN) == 1
    with as_tenant(tenant):
        assert acquire(db, tenant)["acquired_as"] == "new"


def expired(clone: Database, count: int) -> UUID:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        for number in range(count):
            make.row("idempotency_keys", tenant, idempotency_key=f"k{number}")
        pass_time(make.session, "25 hours")
    return tenant


def test_many_jobs_share_the_work_and_nothing_is_counted_twice(clone: Database) -> None:
    expired(clone, 100)

    def act(connection: psycopg.Connection, number: int) -> int:
        return int(Session(connection).value(CLEAN_SOME, 10))

    results = race(clone, "ts_test_worker", 8, act)

    with clone.connect() as watching:
        left = int(Session(watching).value(COUNT))
    assert [r for r in results if isinstance(r, psycopg.Error)] == []
    assert sum(r for r in results if isinstance(r, int)) + left == 100


def test_a_key_that_somebody_looks_at_is_left_for_the_next_time(clone: Database) -> None:
    tenant = expired(clone, 3)
    with clone.connect("ts_test_app") as connection, connection.transaction():
        session = Session(connection)
        session.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
        session.all(
            "SELECT 1 FROM ticketing.idempotency_keys WHERE idempotency_key = 'k1' FOR UPDATE"
        )
        with clone.connect("ts_test_worker") as job:
            job.execute("SET lock_timeout = '2s'")
            assert Session(job).value(CLEAN) == 2
            assert Session(job).value(CLEAN) == 0
    with clone.connect("ts_test_worker") as job:
        assert Session(job).value(CLEAN) == 1


def test_a_key_that_is_taken_anew_while_the_clean_up_comes_by_is_not_lost(clone: Database) -> None:
    tenant = expired(clone, 1)

    def clean(connection: psycopg.Connection, number: int) -> int:
        return int(Session(connection).value(CLEAN))

    def ask(connection: psycopg.Connection, number: int) -> str:
        return str(acquire(Session(connection), tenant, key="k0")["outcome"])

    with ThreadPoolExecutor(2) as pool:
        cleaning = pool.submit(race, clone, "ts_test_worker", 10, clean)
        asked = race(clone, "ts_test_app", 10, ask, tenant=tenant)
        cleaned = cleaning.result()

    assert Counter(asked) == {"acquired": 1, "in_progress": 9}
    assert Counter(cleaned) in ({0: 10}, {0: 9, 1: 1})
    with clone.connect() as watching:
        assert Session(watching).value(COUNT) == 1
