"""What the functions of retention have in common: what age they spare, and whom they serve."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session
from support.sweeps import DAY, MINUTE, PRUNERS, Pruner

if TYPE_CHECKING:
    from conftest import Acting

each = pytest.mark.parametrize("pruner", PRUNERS, ids=lambda pruner: pruner.function)
TICK = timedelta(microseconds=1)


@each
def test_what_is_older_than_asked_goes_and_nothing_else(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, pruner: Pruner
) -> None:
    pruner.make(make, tenant, 400 * DAY + MINUTE)
    young = pruner.make(make, tenant, 400 * DAY - MINUTE)
    with as_worker():
        assert pruner.prune(db, 400 * DAY) == 1
        assert pruner.prune(db, 400 * DAY) == 0
    assert pruner.left(db) == {young}


@each
def test_the_least_age_may_be_asked_for_and_nothing_below(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, pruner: Pruner
) -> None:
    pruner.make(make, tenant, pruner.least + MINUTE)
    young = pruner.make(make, tenant, pruner.least - MINUTE)
    with as_worker():
        for keep in (pruner.least - TICK, timedelta(0), -DAY):
            with db.refused("TK041"):
                pruner.prune(db, keep)
        assert pruner.prune(db) == 1
    assert pruner.left(db) == {young}


@each
def test_without_an_age_the_usual_one_counts(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, pruner: Pruner
) -> None:
    pruner.make(make, tenant, pruner.usual + DAY)
    young = pruner.make(make, tenant, pruner.usual - 2 * DAY)
    with as_worker():
        assert db.value(f"SELECT ticketing.{pruner.function}()") == 1
    assert pruner.left(db) == {young}


@each
def test_no_age_or_no_batch_is_refused(db: Session, *, as_worker: Acting, pruner: Pruner) -> None:
    query = f"SELECT ticketing.{pruner.function}(%s, %s)"
    for keep, batch in ((None, 1), (pruner.usual, None), (pruner.usual, 0), (DAY * 999, 10_001)):
        with as_worker(), db.refused("TK001"):
            db.value(query, keep, batch)


@each
def test_a_batch_takes_the_oldest_first(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, pruner: Pruner
) -> None:
    # Those of the outbox are as old as their number says.
    made = [pruner.make(make, tenant, 400 * DAY + days * DAY) for days in (9, 8, 7, 6, 5)]
    with as_worker():
        assert pruner.prune(db, batch=2) == 2
        assert pruner.left(db) == set(made[2:])
        assert [pruner.prune(db, batch=2) for _ in range(3)] == [2, 1, 0]


@each
def test_without_a_tenant_it_serves_every_one_and_with_one_that(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    *,
    as_worker: Acting,
    pruner: Pruner,
) -> None:
    if pruner.function == "prune_access_violations":  # a row concerns two tenants
        other_tenant = tenant
    mine, theirs = (pruner.make(make, owner, 400 * DAY) for owner in (tenant, other_tenant))
    with as_worker(tenant=tenant):
        assert pruner.prune(db) == (2 if tenant == other_tenant else 1)
    assert pruner.left(db) == ({theirs} if tenant != other_tenant else set())
    mine = pruner.make(make, tenant, 400 * DAY)
    with as_worker():
        pruner.prune(db)
    assert mine not in pruner.left(db)
    assert pruner.left(db) == set()


@each
def test_it_is_for_background_jobs_alone(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    as_tenant: Acting,
    as_readonly: Acting,
    as_nobody: Acting,
    pruner: Pruner,
) -> None:
    row = pruner.make(make, tenant, 400 * DAY)
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody()):
        with acting, db.refused("42501"):
            pruner.prune(db)
    assert pruner.left(db) == {row}


@each
def test_not_even_the_owner_deletes_what_is_too_young(
    db: Session, make: Make, tenant: UUID, *, pruner: Pruner
) -> None:
    pruner.make(make, tenant, pruner.least - MINUTE)
    old = pruner.make(make, tenant, pruner.least + MINUTE)
    with db.acting("ticketing_owner"):
        if pruner.function == "prune_reservations":
            db.run("DELETE FROM ticketing.reservation_history")
        deleted = db.run(f"DELETE FROM ticketing.{pruner.table}")
    # Events of the outbox are the worker's to delete, and not the owner's.
    assert deleted == (0 if pruner.table == "outbox" else 1)
    assert (old in pruner.left(db)) is (pruner.table == "outbox")


@each
@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_nobody_deletes_by_hand(
    db: Session, make: Make, tenant: UUID, *, role: str, pruner: Pruner
) -> None:
    if (role, pruner.table) == ("ticketing_worker", "outbox"):  # a dead event is given up so
        return
    pruner.make(make, tenant, 400 * DAY)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.run(f"DELETE FROM ticketing.{pruner.table}")


def test_jobs_that_meet_delete_each_row_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        for pruner in PRUNERS:
            for _ in range(6):
                pruner.make(make, tenant, 400 * DAY)

    def act(connection: psycopg.Connection, number: int) -> tuple[str, int]:
        pruner = PRUNERS[number % len(PRUNERS)]
        return pruner.function, pruner.prune(Session(connection), batch=2)

    done = dict.fromkeys((pruner.function for pruner in PRUNERS), 0)
    for _ in range(4):
        for result in race(clone, "ts_test_worker", 12, act):
            assert not isinstance(result, psycopg.Error), result
            done[result[0]] += result[1]
    assert done == dict.fromkeys(done, 6)
