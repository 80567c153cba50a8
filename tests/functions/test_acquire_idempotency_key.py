"""acquire_idempotency_key: of all who ask, one runs the request."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.names import shown
from support.races import race
from support.requests import (
    BODY,
    HASH,
    HEADERS,
    OTHER_HASH,
    acquire,
    bring,
    complete,
    extend,
    mark,
    pass_time,
    release,
    row,
)
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

DAY = timedelta(days=1)
LEASE = timedelta(minutes=5)
MOMENT = timedelta(seconds=5)
UNTOLD = (
    "status",
    "response_status",
    "response_headers",
    "response_body",
    "resource_id",
    "resource_type",
    "lock_token",
    "acquired_as",
    "recovery_point",
    "attempt_count",
    "retry_after",
)

# Part 3.2 of the design: what a row in a state answers to a request. A request with another
# operation is a request of its own, whatever the state.
SAME, OTHER = "same", ("other hash", "other principal")
TABLE = [
    *[("none", request, "new") for request in (SAME, *OTHER)],
    ("live", SAME, "in_progress"),
    ("over", SAME, "recovered"),
    ("returned", SAME, "recovered"),
    ("completed", SAME, "replay"),
    ("failed", SAME, "retry"),
    *[
        (state, request, "mismatch")
        for state in ("live", "over", "returned", "completed", "failed")
        for request in OTHER
    ],
    *[
        (f"expired-{state}", request, "new")
        for state in ("over", "returned", "completed", "failed")
        for request in (SAME, *OTHER)
    ],
    *[
        (state, "other operation", "new")
        for state in ("none", "live", "over", "returned", "completed", "failed")
    ],
]
REQUESTS: dict[str, Row] = {
    SAME: {},
    "other hash": {"request_hash": OTHER_HASH},
    "other principal": {"user_id": uuid4()},
    "other operation": {"operation": "POST /refunds"},
}


def rows(db: Session) -> list[Row]:
    return db.all("SELECT * FROM ticketing.idempotency_keys ORDER BY created_at, id")


@pytest.mark.parametrize(("state", "request_", "answer"), TABLE)
def test_the_whole_table(
    db: Session, tenant: UUID, as_tenant: Acting, *, state: str, request_: str, answer: str
) -> None:
    before_it = bring(db, tenant, state)
    before = rows(db)
    with as_tenant(tenant):
        got = acquire(db, tenant, **REQUESTS[request_])

    if answer in ("in_progress", "replay", "mismatch"):
        assert (got["outcome"], got["acquired_as"], got["lock_token"]) == (answer, None, None)
        assert got["is_new"] is False
        assert rows(db) == before
        return
    assert (got["outcome"], got["acquired_as"]) == ("acquired", answer)
    assert (got["status"], got["is_new"], got["is_locked"]) == (
        "processing",
        answer == "new",
        False,
    )
    assert got["lock_token"].startswith("node:")
    held = row(db, got["key_id"])
    assert (held["status"], held["locked_by"]) == ("processing", got["lock_token"])
    again = before_it is not None and got["key_id"] == before_it["key_id"]
    assert again == (answer != "new")
    assert got["attempt_count"] == held["attempt_count"] == (2 if again else 1)
    if before_it is not None:
        assert got["lock_token"] != before_it["lock_token"]


def test_a_new_key_is_written_whole(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        got = acquire(
            db,
            tenant,
            lock_holder="node-7",
            client_ip="192.0.2.7",
            user_agent="curl",
            request_id="r-1",
        )
    written = row(db, got["key_id"])
    now = db.value("SELECT clock_timestamp()")
    assert now - MOMENT < written["created_at"] <= now
    expected = {
        "tenant_id": tenant,
        "idempotency_key": "key",
        "operation": "POST /orders",
        "user_id": None,
        "request_hash": HASH,
        "status": "processing",
        "recovery_point": "started",
        "locked_at": written["created_at"],
        "locked_by": got["lock_token"],
        "lock_expires_at": written["created_at"] + LEASE,
        "attempt_count": 1,
        "user_agent": "curl",
        "request_id": "r-1",
        "last_run_at": written["created_at"],
        "expires_at": written["created_at"] + DAY,
        "completed_at": None,
        "completed_by": None,
        "response_status": None,
    }
    assert expected.items() <= written.items()
    assert str(written["client_ip"]) == "192.0.2.7"
    assert got["recovery_point"] == "started"
    assert got["retry_after"] is None
    name, _, token = got["lock_token"].rpartition(":")
    assert name == "node-7"
    assert UUID(token).version == 4


def test_a_taken_over_key_is_told_who_asks_now(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        first = acquire(db, tenant, user_agent="one", request_id="r-1", client_ip="192.0.2.1")
        mark(db, first, "charged")
    pass_time(db, "10 minutes")
    before = row(db, first["key_id"])
    with as_tenant(tenant):
        acquire(db, tenant, user_agent="two", request_id="r-2", lock_duration="1 hour")
    after = row(db, first["key_id"])
    assert (after["user_agent"], after["request_id"], after["client_ip"]) == ("two", "r-2", None)
    assert after["recovery_point"] == "charged"
    assert after["last_run_at"] == after["locked_at"] > before["last_run_at"]
    assert after["lock_expires_at"] - after["locked_at"] == timedelta(hours=1)
    assert after["expires_at"] - after["last_run_at"] == DAY
    assert after["created_at"] == before["created_at"]


def test_a_take_over_never_shortens_how_long_a_key_is_kept(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        first = acquire(db, tenant, time_to_live="30 days")
        release(db, first)
        kept = row(db, first["key_id"])["expires_at"]
        acquire(db, tenant)
    assert row(db, first["key_id"])["expires_at"] == kept


@pytest.mark.parametrize("failed", [False, True])
def test_the_recovery_point_tells_the_next_attempt_where_to_go_on(
    db: Session, tenant: UUID, as_tenant: Acting, failed: bool
) -> None:
    with as_tenant(tenant):
        first = acquire(db, tenant)
        mark(db, first, "charged")
        release(db, first, failed=failed)
        second = acquire(db, tenant)
        assert second["recovery_point"] == "charged"
        mark(db, second, "sent")
        release(db, second, failed=failed)
        third = acquire(db, tenant)
    assert (third["recovery_point"], third["attempt_count"]) == ("sent", 3)


def test_each_attempt_has_a_token_of_its_own(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    tokens = set()
    with as_tenant(tenant):
        for attempt in range(6):
            held = acquire(db, tenant)
            tokens.add(held["lock_token"])
            release(db, held, failed=attempt % 2 == 0)
    assert len(tokens) == 6


def test_an_expired_key_starts_over(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        mark(db, acquire(db, tenant), "charged")
    pass_time(db, "25 hours")
    with as_tenant(tenant):
        again = acquire(db, tenant)
        assert (again["recovery_point"], again["attempt_count"]) == ("started", 1)
        complete(db, again)
    pass_time(db, "25 hours")
    with as_tenant(tenant):
        again = acquire(db, tenant)
    assert (again["outcome"], again["response_body"]) == ("acquired", None)
    assert len(rows(db)) == 1


def test_status_headers_and_body_are_replayed(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    made = uuid4()
    with as_tenant(tenant):
        held = acquire(db, tenant)
        complete(db, held, resource_id=made, resource_type="order")
        for _ in range(2):
            got = acquire(db, tenant, lock_holder="another node")
            assert got == {
                "key_id": held["key_id"],
                "status": "completed",
                "is_new": False,
                "is_locked": False,
                "response_status": 201,
                "response_body": BODY,
                "resource_id": made,
                "outcome": "replay",
                "acquired_as": None,
                "lock_token": None,
                "recovery_point": "started",
                "retry_after": None,
                "response_headers": HEADERS,
                "resource_type": "order",
                "attempt_count": 1,
            }


@pytest.mark.parametrize("body", [None, {}, [], {"ünï": ["\U0001f3ab", None, 1.5]}])
def test_any_body_is_replayed_as_it_was(
    db: Session, tenant: UUID, as_tenant: Acting, body: Any
) -> None:
    with as_tenant(tenant):
        complete(db, acquire(db, tenant), response_body=body, response_headers=None)
        got = acquire(db, tenant)
    assert (got["response_body"], got["response_headers"]) == (body, None)


@pytest.mark.parametrize("state", ["live", "over", "completed", "failed"])
def test_a_mismatch_tells_nothing_of_the_other_request(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    bring(db, tenant, state)
    with as_tenant(tenant):
        got = acquire(db, tenant, request_hash=OTHER_HASH)
    assert {name: got[name] for name in UNTOLD} == dict.fromkeys(UNTOLD)
    assert got["is_locked"] is False


def test_in_progress_says_how_long_the_lease_is(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        acquire(db, tenant, lock_duration="10 minutes")
        first = acquire(db, tenant)
    pass_time(db, "599 seconds")
    with as_tenant(tenant):
        last = acquire(db, tenant)
    assert first["is_locked"] is True
    assert 590 < first["retry_after"] <= 600
    assert last["retry_after"] == 1


def test_a_lease_runs_out_while_a_transaction_runs(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, tenant, "live")
    assert held is not None
    db.run(
        "UPDATE ticketing.idempotency_keys SET lock_expires_at = clock_timestamp() WHERE id = %s",
        held["key_id"],
    )
    assert row(db, held["key_id"])["lock_expires_at"] > db.value("SELECT now()")
    with as_tenant(tenant):
        assert acquire(db, tenant)["acquired_as"] == "recovered"


def test_a_key_that_somebody_holds_does_not_expire(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, tenant, "over")
    assert held is not None
    db.run("SET LOCAL session_replication_role = replica")
    db.run(
        """
        UPDATE ticketing.idempotency_keys
        SET created_at = clock_timestamp() - interval '2 days',
            expires_at = clock_timestamp() - interval '1 day',
            lock_expires_at = clock_timestamp() + interval '1 minute'
        """
    )
    db.run("SET LOCAL session_replication_role = origin")
    with as_tenant(tenant):
        assert acquire(db, tenant)["outcome"] == "in_progress"
        assert acquire(db, tenant, request_hash=OTHER_HASH)["outcome"] == "mismatch"
        assert extend(db, held)
    assert row(db, held["key_id"])["expires_at"] > db.value("SELECT now()")


def test_a_key_expires_while_a_transaction_runs(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    held = bring(db, tenant, "completed")
    assert held is not None
    db.run("SET LOCAL session_replication_role = replica")
    db.run("UPDATE ticketing.idempotency_keys SET expires_at = clock_timestamp()")
    db.run("SET LOCAL session_replication_role = origin")
    with as_tenant(tenant):
        assert acquire(db, tenant)["acquired_as"] == "new"


# --- principals ---


def test_a_customer_is_given_their_own_answer_and_nobody_elses(
    db: Session, tenant: UUID, as_user: Acting
) -> None:
    alice, bob = uuid4(), uuid4()
    with as_user(tenant, alice):
        complete(db, acquire(db, tenant))
        assert acquire(db, tenant)["outcome"] == "replay"
        assert acquire(db, tenant, user_id=alice)["outcome"] == "replay"
    with as_user(tenant, bob):
        assert acquire(db, tenant)["outcome"] == "mismatch"
        with db.refused("TK401"):
            acquire(db, tenant, user_id=alice)


def test_a_service_names_its_principal_or_is_one_itself(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    alice = uuid4()
    with as_tenant(tenant):
        complete(db, acquire(db, tenant, user_id=alice))
        assert acquire(db, tenant, user_id=alice)["outcome"] == "replay"
        assert acquire(db, tenant)["outcome"] == "mismatch"
        complete(db, acquire(db, tenant, key="own"))
        assert acquire(db, tenant, key="own")["outcome"] == "replay"
        assert acquire(db, tenant, key="own", user_id=alice)["outcome"] == "mismatch"


# --- arguments and context ---


@pytest.mark.parametrize(
    "given",
    [
        {"key": None},
        {"key": ""},
        {"key": "k" * 256},
        {"operation": None},
        {"operation": ""},
        {"operation": "o" * 256},
        {"request_hash": None},
        {"request_hash": ""},
        {"request_hash": "a" * 63},
        {"request_hash": "a" * 65},
        {"request_hash": "A" * 64},
        {"request_hash": "g" * 64},
        {"lock_holder": None},
        {"lock_holder": ""},
        {"lock_holder": "h" * 256},
        {"lock_duration": None},
        {"lock_duration": "999 milliseconds"},
        {"lock_duration": "-5 minutes"},
        {"lock_duration": "3600.001 seconds"},
        {"lock_duration": "infinity"},
        {"time_to_live": None},
        {"time_to_live": "86399 seconds"},
        {"time_to_live": "367 days"},
    ],
    ids=shown,
)
def test_an_argument_out_of_range_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, given: Row
) -> None:
    if given.get("lock_duration") == "infinity" and db.connection.info.server_version < 170000:
        given = {"lock_duration": "178000000 years"}
    (name,) = given
    with as_tenant(tenant), db.refused("TK001") as by:
        acquire(db, tenant, **given)
    assert f"p_{name} is not" in str(by.error)
    assert rows(db) == []


@pytest.mark.parametrize(
    "given",
    [
        {"key": "k"},
        {"key": "\U0001f3ab" * 255},
        {"operation": "o" * 255},
        {"request_hash": "0123456789abcdef" * 4},
        {"lock_holder": "h"},
        {"lock_holder": "h" * 255},
        {"lock_duration": "1 second"},
        {"lock_duration": "1 hour"},
        {"time_to_live": "24 hours"},
        {"time_to_live": "366 days"},
        {"user_agent": "u" * 5000},
        {"request_id": "r" * 5000},
        {"client_ip": "2001:db8::1"},
    ],
    ids=lambda given: str(given)[:40],
)
def test_an_argument_at_the_edge_of_its_range_is_accepted(
    db: Session, tenant: UUID, as_tenant: Acting, given: Row
) -> None:
    with as_tenant(tenant):
        got = acquire(db, tenant, **given)
        assert got["outcome"] == "acquired"
        assert release(db, got)
        assert acquire(db, tenant, **given)["acquired_as"] == "recovered"
    written = row(db, got["key_id"])
    assert len(written["user_agent"] or "") <= 512
    assert len(written["request_id"] or "") <= 255


@pytest.mark.parametrize("state", ["live", "completed", "failed", "over"])
def test_a_request_without_a_hash_is_refused_in_every_state(
    db: Session, tenant: UUID, as_tenant: Acting, state: str
) -> None:
    bring(db, tenant, state)
    with as_tenant(tenant), db.refused("TK001"):
        acquire(db, tenant, request_hash=None)


def test_keys_are_compared_byte_for_byte(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    keys = ["key", "KEY", "key ", " key", "k\u00e9y", "ke\u0301y"]
    with as_tenant(tenant):
        got = [acquire(db, tenant, key=key) for key in keys]
    assert {g["acquired_as"] for g in got} == {"new"}


def test_the_order_of_the_arguments_is_that_of_the_seed(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        got = db.one(
            "SELECT key_id, status, is_new, is_locked, response_status, response_body, resource_id "
            "FROM ticketing.acquire_idempotency_key(%s, 'k', 'op', %s, 'node', '10 minutes')",
            *(tenant, HASH),
        )
    written = row(db, got["key_id"])
    assert (got["status"], got["is_new"], got["is_locked"]) == ("processing", True, False)
    assert written["lock_expires_at"] - written["locked_at"] == timedelta(minutes=10)


def test_another_tenants_key_is_another_key(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    bring(db, other_tenant, "completed")
    before = rows(db)
    with as_tenant(tenant):
        assert acquire(db, tenant)["acquired_as"] == "new"
    assert [r for r in rows(db) if r["tenant_id"] == other_tenant] == before


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_a_tenant_the_call_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, context: Any
) -> None:
    with as_tenant(context), db.refused("TK701"):
        acquire(db, tenant)
    with as_tenant(context), db.refused("TK701"):
        acquire(db, None)


def test_another_tenant_than_the_contexts_is_refused(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    for other in (other_tenant, None):
        with as_tenant(tenant), db.refused("TK702"):
            acquire(db, other)


def test_a_worker_runs_requests_of_its_tenant(db: Session, tenant: UUID, as_worker: Acting) -> None:
    with as_worker(tenant=tenant):
        assert complete(db, acquire(db, tenant))
        assert acquire(db, tenant)["outcome"] == "replay"


def test_readers_and_strangers_may_not_call_it(
    db: Session, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    for acting in (as_readonly(tenant), as_nobody(tenant=tenant)):
        with acting, db.refused("42501"):
            acquire(db, tenant)


# --- callers that meet ---


def committed_tenant(clone: Database) -> UUID:
    with psycopg.connect(clone.superuser_url) as connection:
        return Make(Session(connection)).tenant()


def prepared(clone: Database, tenant: UUID, state: str) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        bring(Session(connection), tenant, state)


def stored(clone: Database) -> list[Row]:
    with psycopg.connect(clone.superuser_url) as connection:
        return rows(Session(connection))


def ask(tenant: UUID, **given: Any) -> Any:
    def act(connection: psycopg.Connection, number: int) -> Row:
        return acquire(Session(connection), tenant, lock_holder=f"node-{number}", **given)

    return act


def answered(results: list[Any]) -> list[Any]:
    """Returns what the callers got, none of whom may have met an error."""
    assert [str(result) for result in results if isinstance(result, psycopg.Error)] == []
    return results


@pytest.mark.parametrize(
    ("state", "acquired_as"),
    [
        ("none", "new"),
        ("over", "recovered"),
        ("returned", "recovered"),
        ("failed", "retry"),
        ("expired-completed", "new"),
        ("expired-over", "new"),
    ],
)
def test_of_forty_callers_one_wins(clone: Database, state: str, acquired_as: str) -> None:
    tenant = committed_tenant(clone)
    prepared(clone, tenant, state)

    results = answered(race(clone, "ts_test_app", 40, ask(tenant), tenant=tenant))
    outcomes = Counter(result["outcome"] for result in results)
    assert outcomes == {"acquired": 1, "in_progress": 39}
    (winner,) = [r for r in results if r["outcome"] == "acquired"]
    assert winner["acquired_as"] == acquired_as
    (only,) = stored(clone)
    assert only["locked_by"] == winner["lock_token"]
    assert only["attempt_count"] == (1 if acquired_as == "new" else 2)


@pytest.mark.parametrize("state", ["none", "over", "failed", "expired-completed"])
def test_of_forty_callers_one_runs_it_and_the_others_are_given_its_answer(
    clone: Database, state: str
) -> None:
    tenant = committed_tenant(clone)
    prepared(clone, tenant, state)

    def act(connection: psycopg.Connection, number: int) -> Row:
        session = Session(connection)
        got = acquire(session, tenant, lock_holder=f"node-{number}")
        if got["outcome"] == "acquired":
            assert complete(session, got, response_body={"by": number})
            return {**got, "response_body": {"by": number}}
        return got

    results = answered(race(clone, "ts_test_app", 40, act, tenant=tenant))
    outcomes = Counter(result["outcome"] for result in results)
    # Acquired and completed in one transaction, so nobody ever sees it in progress but one who
    # looked at what had been there before.
    assert outcomes["acquired"] == 1
    assert outcomes["replay"] + outcomes["in_progress"] == 39
    (only,) = stored(clone)
    assert (only["status"], only["response_status"]) == ("completed", 201)
    answers = {
        str(result["response_body"]) for result in results if result["outcome"] != "in_progress"
    }
    assert answers == {str(only["response_body"])}


def test_of_forty_callers_with_requests_of_their_own_one_wins_and_none_is_told_its_answer(
    clone: Database,
) -> None:
    tenant = committed_tenant(clone)

    def act(connection: psycopg.Connection, number: int) -> Row:
        return acquire(Session(connection), tenant, request_hash=f"{number:064x}")

    results = answered(race(clone, "ts_test_app", 40, act, tenant=tenant))
    outcomes = Counter(result["outcome"] for result in results)
    assert outcomes == {"acquired": 1, "mismatch": 39}


def test_forty_callers_take_turns_until_one_completes(clone: Database) -> None:
    tenant = committed_tenant(clone)

    def act(connection: psycopg.Connection, number: int) -> str:
        session = Session(connection)
        got = acquire(session, tenant)
        if got["outcome"] == "acquired":
            # Most give up, in both ways; whoever comes then goes on.
            if got["attempt_count"] < 10:
                assert release(session, got, failed=number % 2 == 0)
                return "gave up"
            assert complete(session, got)
        return str(got["outcome"])

    results = answered(race(clone, "ts_test_app", 40, act, tenant=tenant))
    counted = Counter(results)
    assert counted["acquired"] == 1
    assert counted["gave up"] == 9
    (only,) = stored(clone)
    assert (only["status"], only["attempt_count"]) == ("completed", 10)


def test_who_was_overtaken_cannot_write(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    late = bring(db, tenant, "over")
    assert late is not None
    with as_tenant(tenant):
        holder = acquire(db, tenant)
        before = row(db, holder["key_id"])
        assert not complete(db, late)
        assert not release(db, late)
        assert not release(db, late, failed=True)
        assert not extend(db, late)
        assert not mark(db, late)
        assert row(db, holder["key_id"]) == before
        assert complete(db, holder)


def test_who_comes_back_after_expiry_does_not_touch_the_new_request(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    late = bring(db, tenant, "expired-over")
    assert late is not None
    with as_tenant(tenant):
        holder = acquire(db, tenant)
        assert not complete(db, late)
        assert not extend(db, late)
        assert complete(db, holder)


@pytest.mark.parametrize("commits", [True, False])
def test_a_repeat_waits_for_a_first_that_has_not_committed(clone: Database, commits: bool) -> None:
    tenant = committed_tenant(clone)

    def second() -> str:
        with clone.connect("ts_test_app") as connection, connection.transaction():
            session = Session(connection)
            session.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
            return str(acquire(session, tenant)["outcome"])

    with ThreadPoolExecutor(1) as pool, clone.connect("ts_test_app") as connection:
        with connection.transaction(force_rollback=not commits):
            session = Session(connection)
            session.all("SELECT set_config('app.current_tenant_id', %s, TRUE)", str(tenant))
            assert acquire(session, tenant)["outcome"] == "acquired"
            waiting = pool.submit(second)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline and not blocked(clone):
                time.sleep(0.02)
            assert blocked(clone)
            assert not waiting.done()
        assert waiting.result(10) == ("in_progress" if commits else "acquired")


def blocked(clone: Database) -> bool:
    with clone.connect() as watching:
        query = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(Session(watching).value(query))
