"""claim_ticket_passes: what is to be built or delivered, each pass for one worker at a time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.passes import READ, RUN_OUT, bring, claim, claimed, fail, produce, send
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CLAIM = b"SELECT id FROM ticketing.claim_ticket_passes(%s, %s, %s)"
START = datetime(2026, 1, 1, tzinfo=UTC)


def ids(rows: list[Row]) -> list[UUID]:
    return [row["id"] for row in rows]


@pytest.fixture
def queue(make: Make, tenant: UUID, other_tenant: UUID) -> list[UUID]:
    """Four passes, longest waiting first, and one of another tenant."""
    make.row("ticket_passes", other_tenant, next_attempt_at=START)
    waiting = [START + timedelta(days=day) for day in (3, 1, 2, 4)]
    made = {due: make.id("ticket_passes", tenant, next_attempt_at=due) for due in waiting}
    return [made[due] for due in sorted(made)]


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_who_waits_longest_comes_first(
    db: Session, tenant: UUID, queue: list[UUID], role: str
) -> None:
    with db.acting(role, tenant=tenant):
        assert ids(claimed(db, limit=1)) == queue[:1]
        assert ids(claimed(db, limit=2)) == queue[1:3]
        assert ids(claimed(db, limit=100)) == queue[3:]
        assert claimed(db) == []


def test_what_it_returns_is_the_row_with_its_claim(
    db: Session, tenant: UUID, queue: list[UUID], as_worker: Acting
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with as_worker(tenant=tenant):
        row = claim(db, "host-7", limit=1, lease=timedelta(minutes=1))
        after = db.value("SELECT clock_timestamp()")
    assert db.one(READ, queue[0]) == row
    assert (row["claimed_by"], row["claim_number"], row["attempts"]) == ("host-7", 1, 1)
    assert before < row["claimed_until"] - timedelta(minutes=1) < after
    assert (row["status"], row["sending_version"]) == ("pending", None)


@pytest.mark.usefixtures("queue")
def test_by_default_ten_for_five_minutes(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    for _ in range(7):
        make.row("ticket_passes", tenant)
    with as_worker(tenant=tenant):
        rows = claimed(db)
        left = rows[-1]["claimed_until"] - db.value("SELECT clock_timestamp()")
    assert len(rows) == 10
    assert timedelta(minutes=4) < left < timedelta(minutes=5)


def test_a_dead_workers_building_is_the_next_ones(
    db: Session, tenant: UUID, queue: list[UUID], as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        first = claim(db, "w1", limit=1)
        db.run(RUN_OUT, first["id"])
        second = claim(db, "w2", limit=1)
    assert second["id"] == first["id"] == queue[0]
    assert (second["claimed_by"], second["claim_number"], second["attempts"]) == ("w2", 2, 2)


@pytest.mark.usefixtures("queue")
def test_a_claim_runs_out_by_the_clock_and_not_the_transaction(
    db: Session, tenant: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        first = claim(db, "w1", limit=1)
        extend = "UPDATE ticketing.ticket_passes SET claimed_until = clock_timestamp() + '30 ms'"
        db.run(f"{extend} WHERE id = %s", first["id"])
        assert claim(db, "w2", limit=1)["id"] != first["id"]
        db.value("SELECT pg_sleep(0.03)")
        assert claim(db, "w2", limit=1)["id"] == first["id"]


@pytest.mark.parametrize(
    "given",
    [
        {"status": "sent"},
        {"status": "produced"},
        {"attempts": 10},
        {"attempts": 3, "max_attempts": 3},
        {"max_attempts": 0},
        {"next_attempt_at": datetime(2100, 1, 1, tzinfo=UTC)},
        {"status": "failed", "next_attempt_at": datetime(2100, 1, 1, tzinfo=UTC)},
    ],
    ids=shown,
)
def test_what_is_not_due_is_not_built(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, given: Row
) -> None:
    make.row("ticket_passes", tenant, **given)
    with as_worker(tenant=tenant):
        assert claimed(db) == []


def test_a_failed_pass_is_taken_up_again_whoever_asks_for_work(
    db: Session, make: Make, tenant: UUID, as_user: Acting
) -> None:
    row = make.id("ticket_passes", tenant, status="failed", attempts=2)
    with as_user(tenant, make.id("users", tenant), user_role="staff"):
        again = claim(db)
        assert db.value("SELECT coalesce(current_setting('app.actor_type', TRUE), '')") == ""
    assert (again["id"], again["status"], again["attempts"]) == (row, "pending", 3)


def test_a_wallet_has_workers_of_its_own(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    apple = make.id("ticket_passes", tenant)
    google = make.id("ticket_passes", tenant, channel="google_wallet")
    with as_worker(tenant=tenant):
        assert claim(db, channel="google_wallet")["id"] == google
        assert claim(db)["id"] == apple


# --- delivery ---


def test_what_is_built_is_delivered_and_what_is_delivered_rests(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("ticket_passes", tenant)
    with as_worker(tenant=tenant):
        assert claimed(db, step="send") == []
        assert produce(db, claim(db)) == "produced"
        assert claimed(db, step="produce") == []
        row = claim(db, step="send")
        assert (row["id"], row["status"], row["sending_version"]) == (made, "produced", 1)
        assert (row["claim_number"], row["attempts"]) == (2, 1)
        assert send(db, row) == "sent"
        for step in ("produce", "send"):
            assert claimed(db, step=step, limit=100) == []


def test_what_a_dead_worker_was_delivering_is_not_delivered_again_unasked(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        db.run(RUN_OUT, row["id"])
        assert claimed(db, step="send") == []
        assert claimed(db, step="produce") == []
        again = claim(db, step="send", resend=True)
    assert (again["id"], again["claim_number"]) == (row["id"], row["claim_number"] + 1)


def test_a_live_delivery_is_nobody_elses_even_to_resend(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        assert claimed(db, step="send", resend=True) == []


def test_a_new_version_is_delivered_after_a_delivery_whose_end_nobody_knows(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        db.run("UPDATE ticketing.ticket_passes SET pass_version = 2 WHERE id = %s", row["id"])
        assert claimed(db, step="produce") == []
        db.run(RUN_OUT, row["id"])
        assert produce(db, claim(db)) == "produced"
        assert claim(db, step="send")["sending_version"] == 2


def test_a_delivery_that_failed_is_built_again_and_then_delivered(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = bring(db, tenant, make.row("ticket_passes", tenant), "sending")
    with as_worker(tenant=tenant):
        assert fail(db, row, retry_after="0") == "failed"
        assert produce(db, claim(db)) == "produced"
        assert claim(db, step="send")["pass_version"] == 1


def test_a_delivery_waits_for_its_time_and_has_its_attempts(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row(
        "ticket_passes", tenant, status="produced", next_attempt_at=datetime(2100, 1, 1, tzinfo=UTC)
    )
    make.row("ticket_passes", tenant, status="produced", attempts=10)
    with as_worker(tenant=tenant):
        assert claimed(db, step="send") == []


# --- refusals ---


@pytest.mark.usefixtures("queue")
@pytest.mark.parametrize(
    ("worker", "given"),
    [
        *((name, {}) for name in (None, "", "w" * 256)),
        *(("w1", {"step": step}) for step in (None, "", "deliver")),
        *(("w1", {"limit": limit}) for limit in (None, 0, -1, 101)),
        *(("w1", {"lease": lease}) for lease in (None, "0", "-1 s", "999 ms", "1 day 1 us")),
        ("w1", {"channel": "post"}),
        ("w1", {"resend": None}),
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


def test_another_tenants_queue_is_its_own(
    db: Session, tenant: UUID, *, other_tenant: UUID, queue: list[UUID], as_worker: Acting
) -> None:
    with as_worker(tenant=other_tenant):
        assert claim(db, limit=100)["tenant_id"] == other_tenant
    assert db.one(READ, queue[0])["claimed_by"] is None


# --- callers that meet ---


def filled(target: Database, count: int, **given: object) -> UUID:
    """Makes so many passes and returns their tenant."""
    with psycopg.connect(target.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        for _ in range(count):
            make.id("ticket_passes", tenant, **given)
    return tenant


@pytest.mark.parametrize(
    ("step", "given"), [("produce", {}), ("send", {"status": "produced"})], ids=["produce", "send"]
)
def test_no_pass_is_claimed_twice_and_none_is_left(clone: Database, step: str, given: Row) -> None:
    tenant = filled(clone, 20, **given)

    def act(connection: psycopg.Connection, number: int) -> list[UUID]:
        taken = []
        while rows := connection.execute(CLAIM, [f"w{number}", step, 3]).fetchall():
            taken += [row[0] for row in rows]
        return taken

    answers = race(clone, "ts_test_worker", 8, act, tenant=tenant)
    assert not [answer for answer in answers if isinstance(answer, psycopg.Error)]
    taken = Counter(row for answer in answers for row in answer)  # type: ignore[union-attr]
    assert len(taken) == 20
    assert set(taken.values()) == {1}


def context(connection: psycopg.Connection, tenant: UUID) -> None:
    connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])


@pytest.mark.parametrize(
    ("step", "given"), [("produce", {}), ("send", {"status": "produced"})], ids=["produce", "send"]
)
def test_a_caller_does_not_wait_for_another_but_takes_the_next_ones(
    clone: Database, step: str, given: Row
) -> None:
    tenant = filled(clone, 3, **given)
    with (
        clone.connect("ts_test_worker") as first,
        clone.connect("ts_test_worker") as second,
        first.transaction(),
        second.transaction(),
    ):
        context(first, tenant)
        context(second, tenant)
        second.execute("SET LOCAL lock_timeout = '1s'")
        one = first.execute(CLAIM, ["w1", step, 1]).fetchall()
        rest = second.execute(CLAIM, ["w2", step, 9]).fetchall()
    assert (len(one), len(rest)) == (1, 2)
    assert not set(one) & set(rest)


def test_two_workers_after_a_dead_one_do_not_both_take_over(clone: Database) -> None:
    tenant = filled(clone, 1)
    with clone.connect() as superuser:
        superuser.execute(
            "UPDATE ticketing.ticket_passes"
            " SET claimed_by = 'dead', claimed_until = clock_timestamp()"
        )

    def act(connection: psycopg.Connection, number: int) -> int:
        return len(connection.execute(CLAIM, [f"w{number}", "produce", 1]).fetchall())

    answers = race(clone, "ts_test_worker", 8, act, tenant=tenant)
    assert sorted(map(str, answers)) == ["0"] * 7 + ["1"]
