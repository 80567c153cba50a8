"""record_failed_attempt: account and address are counted, each locks at its own threshold."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.races import race
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

FAIL = "SELECT * FROM ticketing.record_failed_attempt(%s, %s)"
FROM = "SELECT * FROM ticketing.record_failed_attempt(%s, 'device', %s::inet)"
EVENTS = "SELECT * FROM ticketing.account_lockout_events ORDER BY seq"


def named(**given: Any) -> tuple[str, list[Any]]:
    """Returns a call that gives some arguments by name, and its values."""
    given = {"p_identifier": "d", "p_identifier_type": "device", **given}
    arguments = ", ".join(f"{name} => %s" for name in given)
    return f"SELECT * FROM ticketing.record_failed_attempt({arguments})", list(given.values())


def kinds(db: Session) -> Counter[tuple[str, str, str]]:
    return Counter(
        (row["identifier_type"], row["identifier"], row["event_type"]) for row in db.all(EVENTS)
    )


def test_the_fifth_attempt_within_an_hour_locks_for_a_quarter_of_one(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        for number in range(1, 5):
            assert db.one(FAIL, "d", "device") == {
                "is_locked": False,
                "failed_attempt_count": number,
                "locked_until": None,
            }
        answer = db.one(FAIL, "d", "device")
        now = db.value("SELECT clock_timestamp()")
    assert (answer["is_locked"], answer["failed_attempt_count"]) == (True, 5)
    left = answer["locked_until"] - now
    assert timedelta(minutes=14, seconds=59) < left < timedelta(minutes=15)


def test_the_context_gives_the_tenant(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for where in (tenant, other_tenant):
        with as_tenant(where):
            assert [db.one(FAIL, "d", "device")["is_locked"] for _ in range(4)] == [False] * 4
    with db.acting("ticketing_app"):
        assert db.one(FAIL, "d", "device")["failed_attempt_count"] == 1
    assert Counter(row["tenant_id"] for row in db.all(EVENTS)) == {
        tenant: 4,
        other_tenant: 4,
        None: 1,
    }


def test_a_lock_before_the_tenant_is_known_holds_in_every_tenant(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with db.acting("ticketing_app"):
        locked = [db.one(FAIL, "d", "device") for _ in range(5)][-1]["locked_until"]
    with as_tenant(tenant):
        assert db.one(FAIL, "d", "device") == {
            "is_locked": True,
            "failed_attempt_count": 1,
            "locked_until": locked,
        }


def test_the_address_is_counted_beside_the_account(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.one(FROM, "d", "192.0.2.1")["failed_attempt_count"] == 1
    assert kinds(db) == {
        ("device", "d", "failed_attempt"): 1,
        ("ip", "192.0.2.1", "failed_attempt"): 1,
    }


def test_one_address_that_tries_many_accounts_is_locked(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        answers = [db.one(FROM, f"d{number}", "192.0.2.1") for number in range(50)]
        assert [a["is_locked"] for a in answers] == [*[False] * 49, True]
        assert answers[-1]["failed_attempt_count"] == 1
        assert db.one(FROM, "a fresh account", "192.0.2.1")["is_locked"]
        assert not db.one(FROM, "a fresh account", "192.0.2.2")["is_locked"]


def test_many_addresses_that_try_one_account_lock_it(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        answers = [db.one(FROM, "d", f"192.0.2.{number}") for number in range(5)]
    assert [a["is_locked"] for a in answers] == [*[False] * 4, True]


def test_an_ipv6_network_counts_as_one_address(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        db.one(FROM, "d1", "2001:db8::1")
        db.one(FROM, "d2", "2001:db8::2")
    assert kinds(db)["ip", "2001:db8::/64", "failed_attempt"] == 2


def test_an_address_alone_has_the_threshold_of_addresses(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    query, values = named(
        p_identifier="192.0.2.1", p_identifier_type="ip", p_max_attempts=1, p_max_attempts_of_ip=2
    )
    with as_tenant(tenant):
        assert [db.one(query, *values)["is_locked"] for _ in range(2)] == [False, True]


def test_an_address_beside_itself_is_counted_once(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    query, values = named(
        p_identifier="192.0.2.1", p_identifier_type="ip", p_ip_address="192.0.2.1"
    )
    with as_tenant(tenant):
        db.one(query, *values)
    assert kinds(db) == {("ip", "192.0.2.1", "failed_attempt"): 1}


def test_the_answer_tells_of_the_later_end(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    short, short_values = named(p_max_attempts=1, p_lock_for="1 minute")
    long, long_values = named(
        p_identifier="192.0.2.1", p_identifier_type="ip", p_max_attempts_of_ip=1, p_lock_for="1 day"
    )
    with as_tenant(tenant):
        until = db.one(long, *long_values)["locked_until"]
        assert db.one(short, *short_values)["locked_until"] < until
        assert db.one(FROM, "d", "192.0.2.1")["locked_until"] == until


def test_spelling_does_not_get_round_a_lock(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    query, values = named(p_identifier=" ABC ", p_max_attempts=2)
    with as_tenant(tenant):
        db.one(FAIL, "abc", "device")
        assert db.one(query, *values)["is_locked"]


def test_what_the_caller_says_is_kept(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    query, values = named(
        p_ip_address="192.0.2.9", p_user_agent="u" * 600, p_reason="wrong second factor"
    )
    with as_tenant(tenant):
        db.one(query, *values)
    for row in db.all(EVENTS):
        assert str(row["ip_address"]) == "192.0.2.9"
        assert (len(row["user_agent"]), row["reason"]) == (512, "wrong second factor")


def test_thresholds_are_the_callers(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    query, values = named(p_max_attempts=1, p_window="1 second", p_lock_for="1 second")
    with as_tenant(tenant):
        now = db.value("SELECT clock_timestamp()")
        until = db.one(query, *values)["locked_until"]
    assert now + timedelta(seconds=1) <= until < now + timedelta(seconds=2)


@pytest.mark.parametrize(
    "given",
    [
        {"p_identifier": None},
        {"p_identifier": " "},
        {"p_identifier": "i" * 256},
        {"p_identifier_type": None},
        {"p_identifier_type": "phone"},
        {"p_identifier_type": "ip"},
        {"p_max_attempts": None},
        {"p_max_attempts": 0},
        {"p_max_attempts": 101},
        {"p_max_attempts_of_ip": None},
        {"p_max_attempts_of_ip": 0},
        {"p_max_attempts_of_ip": 100001},
        {"p_window": None},
        {"p_window": "0.9 seconds"},
        {"p_window": "86401 seconds"},
        {"p_lock_for": None},
        {"p_lock_for": "0.9 seconds"},
        {"p_lock_for": "86401 seconds"},
    ],
)
def test_what_is_missing_or_out_of_range_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    query, values = named(**given)
    with as_tenant(tenant), db.refused("TK001"):
        db.one(query, *values)
    assert db.all(EVENTS) == []


@pytest.mark.parametrize(
    "given",
    [
        {"p_max_attempts": 1, "p_max_attempts_of_ip": 1},
        {"p_max_attempts": 100, "p_max_attempts_of_ip": 100000},
        {"p_window": "1 second", "p_lock_for": "1 second"},
        {"p_window": "1 day", "p_lock_for": "1 day"},
        {"p_identifier": "i" * 255},
    ],
)
def test_the_edges_of_the_ranges_are_accepted(
    db: Session, tenant: UUID, as_tenant: Acting, given: dict[str, Any]
) -> None:
    query, values = named(**given)
    with as_tenant(tenant):
        assert db.one(query, *values)["failed_attempt_count"] == 1


def test_a_tenant_that_does_not_exist_gets_no_events(db: Session, as_tenant: Acting) -> None:
    stranger = UUID("99999999-9999-4999-8999-999999999999")
    with as_tenant(stranger), db.refused("23503", "fk_account_lockout_events_tenant_id"):
        db.one(FAIL, "d", "device")


def test_workers_may_and_readers_may_not(
    db: Session, tenant: UUID, *, as_worker: Acting, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert db.one(FAIL, "d", "device")["failed_attempt_count"] == 1
    with as_readonly(tenant), db.refused("42501"):
        db.one(FAIL, "d", "device")
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.one(FAIL, "d", "device")


# --- at once ---


@pytest.fixture
def place(clone: Database) -> UUID:
    with psycopg.connect(clone.superuser_url) as connection:
        return Make(Session(connection)).tenant()


@pytest.mark.parametrize("platform", [False, True], ids=["tenant", "platform"])
def test_failures_at_once_lock_exactly_at_the_threshold(
    clone: Database, place: UUID, *, platform: bool
) -> None:
    query, values = named(p_max_attempts=10)

    def fail(connection: psycopg.Connection, number: int) -> tuple[int, bool]:
        answer = Session(connection).one(query, *values)
        return answer["failed_attempt_count"], answer["is_locked"]

    answers = race(clone, "ts_test_app", 20, fail, tenant=None if platform else place)
    assert Counter(answers) == {
        **{(number, False): 1 for number in range(1, 10)},
        (10, True): 11,
    }
    with psycopg.connect(clone.superuser_url) as connection:
        rows = Session(connection).all(EVENTS)
    # In the order of their numbers: ten attempts, the lock, and ten that came too late.
    assert [row["event_type"] for row in rows] == [
        *["failed_attempt"] * 10,
        "locked",
        *["failed_attempt"] * 10,
    ]
    times: list[datetime] = [row["created_at"] for row in rows]
    assert times == sorted(times)


def test_accounts_and_addresses_at_once_lock_the_address_once_and_never_deadlock(
    clone: Database, place: UUID
) -> None:
    def fail(connection: psycopg.Connection, number: int) -> bool:
        query, values = named(
            p_identifier=f"d{number % 4}",
            p_ip_address=f"192.0.2.{number % 2}",
            p_max_attempts=100,
            p_max_attempts_of_ip=6,
        )
        return bool(Session(connection).one(query, *values)["is_locked"])

    answers = race(clone, "ts_test_app", 16, fail, tenant=place)
    assert Counter(answers) == {False: 10, True: 6}
    with psycopg.connect(clone.superuser_url) as connection:
        locks = [r for r in Session(connection).all(EVENTS) if r["event_type"] == "locked"]
    assert sorted(row["identifier"] for row in locks) == ["192.0.2.0", "192.0.2.1"]
