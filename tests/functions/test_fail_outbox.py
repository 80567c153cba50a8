"""fail_outbox: what could not be sent comes back later, or is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make
from support.relays import acknowledge, claim, fail, pass_time, state
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

FAIL = "SELECT ticketing.fail_outbox(%s, %s, %s)"
FAIL_FOR = "SELECT ticketing.fail_outbox(%s, %s, %s, %s)"
WAIT = "SELECT next_attempt_at - clock_timestamp() FROM ticketing.outbox WHERE id = %s"


def test_a_failed_event_goes_back_and_says_why(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant)
    with as_worker():
        (event,) = claim(db)
        assert fail(db, event, "e" * 3000) == "pending"
        assert claim(db) == []
    row = state(db, made)
    assert (row["status"], row["attempts"], row["last_error"]) == ("pending", 1, "e" * 2000)
    assert (row["locked_by"], row["locked_until"], row["processed_at"]) == (None, None, None)
    pass_time(db, "1 second")
    with as_worker():
        assert [again["attempts"] for again in claim(db)] == [2]


@pytest.mark.parametrize(
    ("attempts", "longest"),
    [(0, 1), (1, 2), (2, 4), (5, 32), (9, 512), (10, 900), (20, 900), (2_000_000_000, 900)],
)
def test_the_back_off_doubles_up_to_a_quarter_of_an_hour(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, attempts: int, longest: int
) -> None:
    made = make.id("outbox", tenant, attempts=attempts, max_attempts=2_100_000_000)
    with as_worker():
        (event,) = claim(db)
        fail(db, event)
    wait = db.value(WAIT, made)
    slack = timedelta(seconds=0.4)  # passes between the call and the look
    assert timedelta(seconds=longest / 2) - slack <= wait <= timedelta(seconds=longest)


def test_events_that_fail_together_do_not_come_back_together(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    for _ in range(20):
        make.row("outbox", tenant, attempts=9, max_attempts=20)
    with as_worker():
        for event in claim(db):
            fail(db, event)
    spread = "SELECT max(next_attempt_at) - min(next_attempt_at) FROM ticketing.outbox"
    assert db.value(spread) > timedelta(seconds=60)


@pytest.mark.parametrize("wait", ["0 seconds", "7 minutes", "1 day"])
def test_a_broker_may_say_when_to_come_back(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, wait: str
) -> None:
    made = make.id("outbox", tenant)
    with as_worker():
        (event,) = claim(db)
        assert db.value(FAIL_FOR, event["id"], event["lock_token"], "busy", wait) == "pending"
    assert db.value(f"SELECT %s::interval - ({WAIT})", wait, made) < timedelta(seconds=5)
    pass_time(db, wait)
    with as_worker():
        assert len(claim(db)) == 1


def test_the_last_attempt_that_fails_makes_it_dead(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant, max_attempts=2)
    for expected in ("pending", "dead"):
        with as_worker():
            (event,) = claim(db)
            assert fail(db, event) == expected
        pass_time(db, "1 second")
    row = state(db, made)
    assert (row["status"], row["attempts"], row["last_error"]) == ("dead", 2, "no broker")
    pass_time(db, "1 year")
    with as_worker():
        assert claim(db) == []
        assert fail(db, event) == "lost"


def test_a_dead_event_is_out_of_the_way_of_every_claim(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant, max_attempts=1)
    with as_worker():
        (event,) = claim(db)
        assert db.value(FAIL_FOR, event["id"], event["lock_token"], "busy", "1 minute") == "dead"
    assert db.value(WAIT, made) > timedelta(days=36000)


def test_only_the_holder_of_the_lease_says_that_it_failed(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    made = make.id("outbox", tenant)
    with as_worker():
        (first,) = claim(db)
        assert db.value(FAIL, made, "relay", "no") == "lost"
        assert db.value(FAIL, uuid4(), first["lock_token"], "no") == "lost"
    pass_time(db, "1 minute")
    with as_worker():
        (second,) = claim(db)
        assert fail(db, first) == "lost"
        assert acknowledge(db, second) == 1
        assert fail(db, second) == "lost"
    assert state(db, made)["last_error"] is None


@pytest.mark.parametrize(
    ("position", "value", "what"),
    [
        (0, None, "p_id is NULL"),
        (1, None, "p_token is NULL"),
        (2, None, "p_error says nothing"),
        (2, "  ", "p_error says nothing"),
        (3, "-1 ms", "p_retry_in is not 0 seconds to 1 day"),
        (3, "1 day 1 ms", "p_retry_in is not 0 seconds to 1 day"),
    ],
)
def test_a_wrong_argument_is_refused(
    db: Session, as_worker: Acting, *, position: int, value: str | None, what: str
) -> None:
    values: list[object] = [uuid4(), "token", "no", "1 second"]
    values[position] = value
    with as_worker(), db.refused("TK001") as by:
        db.value(FAIL_FOR, *values)
    assert what in str(by.error)


def test_it_is_for_relays_alone(
    db: Session, tenant: UUID, *, as_tenant: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_tenant(tenant), as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            db.value(FAIL, uuid4(), "token", "no")
