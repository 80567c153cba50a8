"""claim_request_tickets: the next ones of the queue, each for one worker at a time."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.request_tickets WHERE id = %s"
RUN_OUT = "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp() WHERE id = %s"


def claimed(db: Session, worker: str | None = "w1", **given: Any) -> list[Row]:
    arguments = "".join(f", p_{name} => %s" for name in given)
    return db.all(
        f"SELECT * FROM ticketing.claim_request_tickets(%s{arguments})", worker, *given.values()
    )


def paths(rows: list[Row]) -> list[str]:
    return [row["dest_path"] for row in rows]


@pytest.fixture
def queue(make: Make, tenant: UUID, other_tenant: UUID) -> dict[str, UUID]:
    """Four requests by destination, and an urgent one of another tenant."""
    user = make.id("users", tenant)
    wishes = {"/low": 1, "/high": 9, "/later": 9, "/middle": 5}
    make.row("request_tickets", other_tenant, dest_path="/theirs", priority=65535)
    return {
        path: make.id("request_tickets", tenant, dest_path=path, priority=n, created_by=user)
        for path, n in wishes.items()
    }


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_the_most_urgent_comes_first_and_then_the_oldest(
    db: Session, tenant: UUID, role: str
) -> None:
    with db.acting(role, tenant=tenant):
        assert paths(claimed(db)) == ["/high"]
        assert paths(claimed(db, limit=2)) == ["/later", "/middle"]
        assert paths(claimed(db, limit=100)) == ["/low"]
        assert claimed(db) == []


@pytest.mark.usefixtures("queue")
def test_a_batch_comes_in_the_order_of_the_queue(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert paths(claimed(db, limit=100)) == ["/high", "/later", "/middle", "/low"]


def test_what_it_returns_is_the_row_with_its_claim(
    db: Session, tenant: UUID, queue: dict[str, UUID], as_worker: Acting
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with as_worker(tenant=tenant):
        (row,) = claimed(db, "host-7", lease=timedelta(minutes=1))
        after = db.value("SELECT clock_timestamp()")
        assert db.one(READ, queue["/high"]) == row
        (event,) = db.all(
            "SELECT * FROM ticketing.audit_events WHERE event_type = 'ticket_claimed'"
        )
    assert (row["claimed_by"], row["claim_number"], row["version"]) == ("host-7", 1, 2)
    assert before < row["claimed_until"] - timedelta(minutes=1) < after
    assert row["state"] == "pending"
    assert (event["ticket_id"], event["data"]["claimed_by"]) == (row["id"], "host-7")


@pytest.mark.usefixtures("queue")
def test_the_default_lease_is_five_minutes(db: Session, tenant: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        (row,) = claimed(db)
        left = row["claimed_until"] - db.value("SELECT clock_timestamp()")
    assert timedelta(minutes=4) < left < timedelta(minutes=5)


def test_a_dead_workers_claim_runs_out_and_is_the_next_ones(
    db: Session, tenant: UUID, queue: dict[str, UUID], as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        (first,) = claimed(db, "w1")
        db.run(RUN_OUT, first["id"])
        (second,) = claimed(db, "w2")
    assert second["id"] == first["id"] == queue["/high"]
    assert (second["claimed_by"], second["claim_number"]) == ("w2", 2)


@pytest.mark.usefixtures("queue")
def test_a_claim_runs_out_by_the_clock_and_not_the_transaction(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        (first,) = claimed(db, "w1")
        db.run(
            "UPDATE ticketing.request_tickets SET claimed_until = clock_timestamp() + '30 ms'"
            " WHERE id = %s",
            first["id"],
        )
        assert paths(claimed(db, "w2")) == ["/later"]
        db.value("SELECT pg_sleep(0.03)")
        assert paths(claimed(db, "w2")) == ["/high"]


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
def test_a_closed_request_is_no_work(
    db: Session, tenant: UUID, *, queue: dict[str, UUID], as_worker: Acting, state: str
) -> None:
    with as_worker(tenant=tenant, reason="over"):
        db.run(
            "UPDATE ticketing.request_tickets SET state = %s, cancelled_by = %s WHERE id = %s",
            *(state, queue["/high"] if state == "cancelled" else None, queue["/high"]),
        )
        assert paths(claimed(db)) == ["/later"]


def test_only_those_with_all_the_tags(
    db: Session, tenant: UUID, *, queue: dict[str, UUID], as_worker: Acting
) -> None:
    for path, tags in (("/low", ["music", "flac"]), ("/high", ["movie"]), ("/later", ["music"])):
        db.run("UPDATE ticketing.request_tickets SET tags = %s WHERE id = %s", tags, queue[path])
    with as_worker(tenant=tenant):
        assert paths(claimed(db, tags=["flac", "music"], limit=9)) == ["/low"]
        assert paths(claimed(db, tags=["music"], limit=9)) == ["/later"]
        assert paths(claimed(db, tags=["book"])) == []
        assert paths(claimed(db, tags=[], limit=9)) == ["/high", "/middle"]


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("worker", "given"),
    [
        *((name, {}) for name in (None, "", "w" * 256)),
        *(("w1", {"limit": limit}) for limit in (None, 0, -1, 101)),
        *(("w1", {"lease": lease}) for lease in (None, "0", "-1 s", "999 ms", "1 day 1 us")),
    ],
    ids=shown,
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, *, as_worker: Acting, worker: str | None, given: Row
) -> None:
    with as_worker(tenant=tenant), db.refused("TK001"):
        claimed(db, worker, **given)


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("worker", "given"),
    [("w" * 255, {}), ("w1", {"limit": 100}), ("w1", {"lease": "1 s"}), ("w1", {"lease": "1 day"})],
    ids=shown,
)
def test_the_ends_of_each_range_are_accepted(
    db: Session, tenant: UUID, *, as_worker: Acting, worker: str, given: Row
) -> None:
    with as_worker(tenant=tenant):
        assert claimed(db, worker, **given)


@pytest.mark.usefixtures("queue")
def test_a_customer_does_not_work_on_the_queue(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    user = make.id("users", tenant)
    make.id("request_tickets", tenant, created_by=user, dest_path="/own", priority=99)
    with as_user(tenant, user), db.refused("TK145"):
        claimed(db)
    with as_user(tenant, user, user_role="staff"):
        assert paths(claimed(db)) == ["/own"]


def test_another_tenants_queue_is_its_own(
    db: Session, tenant: UUID, *, other_tenant: UUID, queue: dict[str, UUID], as_worker: Acting
) -> None:
    with as_worker(tenant=other_tenant):
        assert paths(claimed(db, limit=100)) == ["/theirs"]
    assert db.one(READ, queue["/high"])["claimed_by"] is None


@pytest.mark.usefixtures("queue")
def test_without_a_tenant_it_is_refused(db: Session) -> None:
    with db.acting("ticketing_worker"), db.refused("TK701"):
        claimed(db)


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_claim_nothing(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        claimed(db)


# --- callers that meet ---

CLAIM = b"SELECT id FROM ticketing.claim_request_tickets(%s, %s)"


def filled(target: Database, count: int) -> UUID:
    """Makes so many requests and returns their tenant."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        user = make.id("users", tenant)
        for number in range(count):
            make.id("request_tickets", tenant, created_by=user, priority=number)
    return tenant


def test_no_request_is_claimed_twice_and_none_is_left(clone: Database) -> None:
    tenant = filled(clone, 20)

    def claim(connection: psycopg.Connection, number: int) -> list[UUID]:
        taken = []
        # To the end: a caller that met others may get less than it asked for.
        while rows := connection.execute(CLAIM, [f"w{number}", 3]).fetchall():
            taken += [row[0] for row in rows]
        return taken

    answers = race(clone, "ts_test_worker", 8, claim, tenant=tenant)
    assert not [answer for answer in answers if isinstance(answer, psycopg.Error)]
    taken = Counter(row for answer in answers for row in answer)  # type: ignore[union-attr]
    assert len(taken) == 20
    assert set(taken.values()) == {1}
    with psycopg.connect(clone.superuser_url) as connection:
        rows = Session(connection).all("SELECT claim_number FROM ticketing.request_tickets")
    assert [row["claim_number"] for row in rows] == [1] * 20


def context(connection: psycopg.Connection, tenant: UUID) -> None:
    connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])


def test_a_caller_does_not_wait_for_another_but_takes_the_next_ones(clone: Database) -> None:
    tenant = filled(clone, 3)
    with (
        clone.connect("ts_test_worker") as first,
        clone.connect("ts_test_worker") as second,
        first.transaction(),
        second.transaction(),
    ):
        context(first, tenant)
        context(second, tenant)
        second.execute("SET LOCAL lock_timeout = '1s'")
        one = first.execute(CLAIM, ["w1", 1]).fetchall()
        rest = second.execute(CLAIM, ["w2", 9]).fetchall()
    assert len(one) == 1
    assert len(rest) == 2
    assert not set(one) & set(rest)


def test_a_worker_that_dies_before_it_commits_leaves_no_claim(clone: Database) -> None:
    tenant = filled(clone, 1)
    dying = clone.connect("ts_test_worker")
    dying.execute("BEGIN")
    context(dying, tenant)
    taken = dying.execute(CLAIM, ["w1", 1]).fetchall()
    dying.close()
    with clone.connect("ts_test_worker") as second:
        for _ in range(100):
            with second.transaction():
                context(second, tenant)
                again = second.execute(CLAIM, ["w2", 1]).fetchall()
            if again:
                break
    assert again == taken


def test_a_request_that_was_claimed_since_the_snapshot_is_left_alone(clone: Database) -> None:
    """The second caller sees the row as free, and finds it claimed when it gets to it."""
    tenant = filled(clone, 1)
    with clone.connect() as superuser:
        # Stands in for a slow scan, between the snapshot and the lock.
        superuser.execute(
            """
            CREATE FUNCTION public.slow(uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
            BEGIN
                IF session_user = 'ts_test_worker' THEN
                    PERFORM pg_advisory_lock_shared(1);
                    PERFORM pg_advisory_unlock_shared(1);
                END IF;
                RETURN TRUE;
            END $$
            """
        )
        superuser.execute(
            "ALTER POLICY request_tickets_tenant_select ON ticketing.request_tickets USING"
            " (tenant_id = (SELECT ticketing.current_tenant_id()) AND public.slow(id))"
        )
        superuser.execute("SELECT pg_advisory_lock(1)")
        found: list[Any] = []
        with clone.connect("ts_test_worker") as slow, clone.connect("ts_test_app") as quick:
            pid = slow.info.backend_pid

            def claim() -> None:
                with slow.transaction():
                    context(slow, tenant)
                    found.append(slow.execute(CLAIM, ["slow", 1]).fetchall())

            thread = threading.Thread(target=claim)
            thread.start()
            waiting = "SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted"
            while not superuser.execute(waiting.encode(), [pid]).fetchone():
                pass
            with quick.transaction():
                context(quick, tenant)
                assert len(quick.execute(CLAIM, ["quick", 1]).fetchall()) == 1
            superuser.execute("SELECT pg_advisory_unlock(1)")
            thread.join()
    assert found == [[]]
    with clone.connect() as superuser:
        row = superuser.execute(
            "SELECT claimed_by, claim_number FROM ticketing.request_tickets"
        ).fetchone()
    assert row == ("quick", 1)


def test_two_workers_after_a_dead_one_do_not_both_take_over(clone: Database) -> None:
    tenant = filled(clone, 1)
    with clone.connect() as superuser:
        superuser.execute(
            "UPDATE ticketing.request_tickets"
            " SET claimed_by = 'dead', claimed_until = clock_timestamp()"
        )

    def claim(connection: psycopg.Connection, number: int) -> int:
        return len(connection.execute(CLAIM, [f"w{number}", 1]).fetchall())

    answers = race(clone, "ts_test_worker", 8, claim, tenant=tenant)
    assert sorted(map(str, answers)) == ["0"] * 7 + ["1"]
