"""What the sweepers have in common: whom they serve, what they pass over, and when."""

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
from support.sweeps import MINUTE, SWEEPERS, Sweeper, poison, warnings

if TYPE_CHECKING:
    from conftest import Acting

each = pytest.mark.parametrize("sweeper", SWEEPERS, ids=lambda sweeper: sweeper.function)
SOON = timedelta(milliseconds=-200)
HOUR = timedelta(hours=1)


@each
def test_what_is_overdue_ends_and_nothing_else(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    late = sweeper.make(make, tenant, MINUTE)
    later = sweeper.make(make, tenant, -HOUR)
    before = sweeper.status(db, later)
    with as_worker():
        assert sweeper.sweep(db) == 1
        assert sweeper.sweep(db) == 0
    assert (sweeper.status(db, late), sweeper.status(db, later)) == ("expired", before)


@each
def test_the_deadline_itself_decides_not_the_start_of_the_transaction(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    row = sweeper.make(make, tenant, SOON)
    with as_worker():
        assert sweeper.sweep(db) == 0
        db.all("SELECT pg_sleep(0.25)")
        assert sweeper.sweep(db) == 1
    assert sweeper.status(db, row) == "expired"


@each
def test_without_a_tenant_it_serves_every_one_and_with_one_that(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    *,
    as_worker: Acting,
    sweeper: Sweeper,
) -> None:
    mine, theirs = (sweeper.make(make, owner, MINUTE) for owner in (tenant, other_tenant))
    with as_worker(tenant=tenant):
        assert sweeper.sweep(db) == 1
    assert sweeper.status(db, mine) == "expired"
    assert sweeper.status(db, theirs) != "expired"
    with as_worker():
        assert sweeper.sweep(db) == 1
    assert sweeper.status(db, theirs) == "expired"


@each
def test_it_is_for_background_jobs_alone(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    as_tenant: Acting,
    as_readonly: Acting,
    as_nobody: Acting,
    sweeper: Sweeper,
) -> None:
    row = sweeper.make(make, tenant, MINUTE)
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody()):
        with acting, db.refused("42501"):
            sweeper.sweep(db)
    assert sweeper.status(db, row) != "expired"


@each
def test_a_service_cannot_end_an_overdue_row_of_another_tenant(
    db: Session,
    make: Make,
    tenant: UUID,
    other_tenant: UUID,
    *,
    as_tenant: Acting,
    sweeper: Sweeper,
) -> None:
    theirs = sweeper.make(make, other_tenant, MINUTE)
    change = f"UPDATE ticketing.{sweeper.table} SET status = 'expired' WHERE id = %s"
    with as_tenant(tenant):
        assert db.run(change, theirs) == 0


@each
def test_a_job_reaches_no_row_of_another_tenant_before_its_deadline(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    row = sweeper.make(make, tenant, -HOUR)
    change = f"UPDATE ticketing.{sweeper.table} SET status = 'expired'"
    with as_worker(actor="system"):
        assert db.run(f"{change} WHERE id = %s", row) == 0
        # Without a condition the right to read does not count, the right to change alone.
        assert db.run(change) == 0


@each
def test_whoever_the_job_says_it_is_the_system_ends_the_row(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    sweeper.make(make, tenant, MINUTE)
    with as_worker(actor="user"):
        assert sweeper.sweep(db) == 1
        assert db.value("SELECT current_setting('app.actor_type')") == "user"


@each
def test_a_batch_is_no_bigger_than_it_may_be(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    for _ in range(3):
        sweeper.make(make, tenant, MINUTE)
    with as_worker():
        assert [sweeper.sweep(db, 2) for _ in range(3)] == [2, 1, 0]


@pytest.mark.parametrize(
    "sweeper",
    [sweeper for sweeper in SWEEPERS if sweeper.function != "expire_offers"],
    ids=lambda sweeper: sweeper.function,
)
def test_the_oldest_go_first(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    rows = [sweeper.make(make, tenant, minutes * MINUTE) for minutes in (1, 3, 2)]
    # Whatever the plan: an index gives the order by chance.
    for way in ("enable_indexscan", "enable_bitmapscan"):
        db.run(f"SET LOCAL {way} = off")
    with as_worker():
        assert sweeper.sweep(db, 2) == 2
    statuses = [sweeper.status(db, row) for row in rows]
    assert statuses[1:] == ["expired", "expired"]
    assert statuses[0] != "expired"


@each
@pytest.mark.parametrize("batch", [None, 0, -1])
def test_a_batch_out_of_range_is_refused(
    db: Session, *, as_worker: Acting, sweeper: Sweeper, batch: int | None
) -> None:
    most = 100_000 if sweeper.function == "expire_holds" else 10_000
    for size in (batch, most + 1):
        with as_worker(), db.refused("TK001"):
            db.all(f"SELECT ticketing.{sweeper.function}(%s)", size)
    with as_worker():
        assert [sweeper.sweep(db, size) for size in (1, most)] == [0, 0]


@each
def test_a_row_that_cannot_end_is_named_and_keeps_no_other_back(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper
) -> None:
    stuck = [sweeper.make(make, tenant, 5 * MINUTE) for _ in range(3)]
    for row in stuck:
        poison(db, sweeper.table, row)
    rows = [sweeper.make(make, tenant, MINUTE) for _ in range(3)]
    with as_worker(), warnings(db) as heard:
        # Three that are stuck stand in front of every batch of two.
        assert [sweeper.sweep(db, 2) for _ in range(3)] == [2, 1, 0]
    assert {sweeper.status(db, row) for row in rows} == {"expired"}
    assert "expired" not in {sweeper.status(db, row) for row in stuck}
    assert {(said.code, said.detail) for said in heard} == {("TK042", "SQLSTATE P0001")}
    for row in stuck:
        assert [said for said in heard if str(row) in said.message and "poisoned" in said.message]


@each
@pytest.mark.parametrize("code", ["40001", "40P01", "55P03", "53100", "57P03", "58030"])
def test_what_no_row_is_to_blame_for_is_the_callers_to_try_again(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, sweeper: Sweeper, code: str
) -> None:
    poison(db, sweeper.table, sweeper.make(make, tenant, MINUTE), code)
    with as_worker(), db.refused(code):
        sweeper.sweep(db)


@each
def test_a_row_that_somebody_has_locked_waits_for_the_next_round(
    clone: Database, sweeper: Sweeper
) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        rows = [sweeper.make(make, tenant, MINUTE) for _ in range(2)]
    lock = f"SELECT FROM ticketing.{sweeper.table} WHERE id = %s FOR UPDATE"
    with (
        psycopg.connect(clone.superuser_url) as other,
        clone.connect("ts_test_worker") as connection,
    ):
        job = Session(connection)
        job.run("SET lock_timeout = '2s'")
        with other.transaction():
            other.execute(lock.encode(), [rows[0]])
            assert sweeper.sweep(job) == 1
            connection.commit()
            assert sweeper.status(Session(other), rows[1]) == "expired"
        assert sweeper.sweep(job) == 1


def test_sweepers_that_meet_end_each_row_once(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenants = [make.tenant(), make.tenant()]
        made = {
            sweeper: [sweeper.make(make, tenants[n % 2], MINUTE) for n in range(10)]
            for sweeper in SWEEPERS
        }

    def act(connection: psycopg.Connection, number: int) -> tuple[str, int]:
        sweeper = SWEEPERS[number % len(SWEEPERS)]
        return sweeper.function, sweeper.sweep(Session(connection), 4)

    results = race(clone, "ts_test_worker", 18, act)
    assert [r for r in results if isinstance(r, psycopg.Error)] == []
    with psycopg.connect(clone.superuser_url) as connection:
        db = Session(connection)
        for sweeper, rows in made.items():
            swept = sum(r[1] for r in results if isinstance(r, tuple) and r[0] == sweeper.function)
            query = f"SELECT status, version FROM ticketing.{sweeper.table} WHERE id = ANY (%s)"
            after = [(row["status"], row["version"]) for row in db.all(query, rows)]
            # Offers and the reservations behind them end together, whoever comes first.
            if sweeper.function not in ("expire_reservations", "expire_offers"):
                assert after.count(("expired", 2)) == swept > 0, sweeper.function
            assert {version for status, version in after if status != "expired"} <= {1}
            assert {version for status, version in after if status == "expired"} == {2}
        assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []
        assert db.all("SELECT * FROM ticketing.zone_inventory_drift") == []
