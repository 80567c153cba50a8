"""guard_request_ticket: what a request may become, by row, and whose it is.

tests/triggers/test_every_transition.py has each pair of states; this has what the guard adds.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.request_tickets WHERE id = %s"
CLAIM = """
    UPDATE ticketing.request_tickets
    SET claimed_by = %s, claimed_until = clock_timestamp() + %s
    WHERE id = %s
"""
LEASE = timedelta(minutes=5)
PAST = timedelta(milliseconds=-1)


def put(db: Session, row: UUID, **columns: Any) -> Row:
    """Updates a request by row and returns it."""
    sets = ", ".join(f"{column} = %s" for column in columns)
    changed = db.run(
        f"UPDATE ticketing.request_tickets SET {sets} WHERE id = %s", *columns.values(), row
    )
    assert changed == 1
    return db.one(READ, row)


def claim(db: Session, row: UUID, worker: str = "w1", lease: timedelta = LEASE) -> Row:
    assert db.run(CLAIM, worker, lease, row) == 1
    return db.one(READ, row)


@pytest.fixture
def user(make: Make, tenant: UUID) -> UUID:
    return make.id("users", tenant)


@pytest.fixture
def request_id(make: Make, tenant: UUID, user: UUID) -> UUID:
    return make.id("request_tickets", tenant, created_by=user)


# --- what a change of state stamps ---


@pytest.mark.parametrize(
    ("state", "stamp", "given"),
    [
        ("completed", "completed_at", {}),
        ("failed", "failed_at", {"error": " no seeders "}),
        ("cancelled", "cancelled_at", {"cancelled_by": uuid4(), "cancel_reason": " found it "}),
    ],
)
def test_a_change_of_state_is_stamped_by_the_clock(
    db: Session,
    tenant: UUID,
    *,
    request_id: UUID,
    as_tenant: Acting,
    state: str,
    stamp: str,
    given: Row,
) -> None:
    before = db.value("SELECT clock_timestamp()")
    with as_tenant(tenant):
        row = put(db, request_id, state=state, **given)
    assert before < row[stamp] < db.value("SELECT clock_timestamp()")
    others = {"completed_at", "failed_at", "cancelled_at"} - {stamp}
    assert [row[column] for column in others] == [None, None]
    for column, value in given.items():
        assert row[column] == (value.strip() if isinstance(value, str) else value)


def test_the_time_of_a_change_cannot_be_chosen(db: Session, request_id: UUID) -> None:
    row = put(db, request_id, state="completed", completed_at="2001-01-01")
    assert row["completed_at"] > db.value("SELECT now() - interval '1 day'")


def test_a_failure_takes_its_error_from_the_transactions_reason(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant, reason="disk full"):
        for error in (None, " "):
            with db.connection.transaction(force_rollback=True):
                assert put(db, request_id, state="failed", error=error)["error"] == "disk full"
        assert put(db, request_id, state="failed", error="no seeders")["error"] == "no seeders"


@pytest.mark.parametrize("error", [None, "", "  "])
def test_a_failure_without_an_error_is_refused(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting, error: str | None
) -> None:
    with as_tenant(tenant), db.refused("TK203"):
        put(db, request_id, state="failed", error=error)


def test_a_cancellation_takes_user_and_reason_from_the_transaction(
    db: Session, tenant: UUID, *, user: UUID, request_id: UUID, as_user: Acting
) -> None:
    with as_user(tenant, user, reason="found it"):
        row = put(db, request_id, state="cancelled", cancel_reason=" ")
    assert (row["cancelled_by"], row["cancel_reason"]) == (user, "found it")


def test_a_cancellation_needs_no_reason_but_somebody_who_cancels(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.refused("23514", "chk_request_tickets_cancelled"):
            put(db, request_id, state="cancelled")
        row = put(db, request_id, state="cancelled", cancelled_by=uuid4())
    assert row["cancel_reason"] is None


@pytest.mark.parametrize("state", ["completed", "cancelled"])
def test_a_missing_state_is_left_to_its_constraint(
    db: Session, make: Make, tenant: UUID, *, request_id: UUID, user: UUID, state: str
) -> None:
    with db.refused("23502"):
        put(db, request_id, state=None)
    put(db, request_id, state=state, cancelled_by=user if state == "cancelled" else None)
    with db.refused("23502"):
        put(db, request_id, state=None)
    with db.refused("23502"):
        make.row("request_tickets", tenant, state=None)


# --- what does not change ---

CLOSED: dict[str, Row] = {
    "completed": {},
    "failed": {"error": "no seeders"},
    "cancelled": {"cancelled_by": UUID(int=7), "cancel_reason": "found it"},
}
EDITS: list[Row] = [
    {"priority": 9},
    {"tags": ["late"]},
    {"description": "late"},
    {"dest_path": "/late"},
    {"cancelled_by": UUID(int=8)},
    {"cancel_reason": "late"},
    {"error": "late"},
    {"claimed_by": "late"},
    {"claimed_until": "2030-01-01"},
    {"claim_number": 9},
    {"completed_at": "2030-01-01"},
    {"failed_at": "2030-01-01"},
    {"cancelled_at": "2030-01-01"},
]


@pytest.mark.parametrize("state", CLOSED)
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: next(iter(edit)))
def test_a_closed_request_keeps_what_it_says(
    db: Session, request_id: UUID, *, state: str, edit: Row
) -> None:
    put(db, request_id, state=state, **CLOSED[state])
    with db.refused("TK002"):
        put(db, request_id, **edit)


@pytest.mark.parametrize("state", CLOSED)
def test_an_update_that_changes_nothing_is_fine(
    db: Session, tenant: UUID, *, request_id: UUID, as_tenant: Acting, state: str
) -> None:
    with as_tenant(tenant):
        put(db, request_id, state=state, **CLOSED[state])
        assert put(db, request_id, priority=0, state=state)["state"] == state


@pytest.mark.parametrize(
    "edit",
    [{"priority": 9}, {"tags": ["flac"]}, {"description": "remaster"}, {"dest_path": "/new"}],
    ids=lambda edit: next(iter(edit)),
)
def test_a_pending_request_may_be_changed(
    db: Session, tenant: UUID, *, request_id: UUID, as_tenant: Acting, edit: Row
) -> None:
    with as_tenant(tenant):
        assert put(db, request_id, **edit).items() >= edit.items()


@pytest.mark.parametrize("column", ["id", "created_by", "created_at", "tenant_id"])
def test_the_origin_of_a_request_never_changes(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, request_id: UUID, column: str
) -> None:
    new = {
        "id": uuid4(),
        "created_by": make.id("users", tenant),
        "created_at": "2001-01-01",
        "tenant_id": other_tenant,
    }
    with db.refused("TK002"):
        put(db, request_id, **{column: new[column]})


# --- whose it is ---


def test_a_customer_makes_requests_in_its_own_name_alone(
    db: Session, make: Make, tenant: UUID, user: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    new = """
        INSERT INTO ticketing.request_tickets (tenant_id, created_by, dest_path)
        VALUES (%s, %s, '/')
    """
    with as_user(tenant, user):
        assert db.run(new, tenant, user) == 1
        with db.refused("TK145"):
            db.run(new, tenant, other)
    for role in ("staff", "scanner", "admin", "superadmin"):
        with as_user(tenant, user, user_role=role):
            assert db.run(new, tenant, other) == 1


@pytest.mark.parametrize("edit", [{"priority": 9}, {"state": "completed"}, {"claimed_by": None}])
def test_a_customer_touches_its_own_requests_alone(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    user: UUID,
    request_id: UUID,
    as_user: Acting,
    edit: Row,
) -> None:
    for role in ("user", "venue_owner", ""):
        with as_user(tenant, make.id("users", tenant), user_role=role), db.refused("TK145"):
            put(db, request_id, **edit)
    with (
        as_user(tenant, make.id("users", tenant), user_role="staff"),
        db.connection.transaction(force_rollback=True),
    ):
        put(db, request_id, **edit)
    with as_user(tenant, user):
        put(db, request_id, **edit)


def test_a_malformed_user_is_nobody(
    db: Session, tenant: UUID, user: UUID, request_id: UUID
) -> None:
    with (
        db.acting("ticketing_app", tenant=tenant, user=f"{user}x", user_role="user"),
        db.refused("TK145"),
    ):
        put(db, request_id, priority=9)


def test_a_customer_cancels_in_its_own_name(
    db: Session, make: Make, tenant: UUID, *, user: UUID, request_id: UUID, as_user: Acting
) -> None:
    other = make.id("users", tenant)
    with as_user(tenant, user):
        with db.refused("TK145"):
            put(db, request_id, state="cancelled", cancelled_by=other)
        assert put(db, request_id, state="cancelled", cancelled_by=user)["cancelled_by"] == user


def test_staff_cancels_for_somebody_else(
    db: Session, make: Make, tenant: UUID, *, user: UUID, request_id: UUID, as_user: Acting
) -> None:
    clerk = make.id("users", tenant)
    with as_user(tenant, clerk, user_role="staff"):
        assert put(db, request_id, state="cancelled", cancelled_by=user)["cancelled_by"] == user


# --- claims ---


def test_claims_are_numbered_whoever_makes_them(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert claim(db, request_id, "w1", PAST)["claim_number"] == 1
        assert claim(db, request_id, "w2", PAST)["claim_number"] == 2
        # The same name after the end: another process may go by it.
        assert claim(db, request_id, "w2")["claim_number"] == 3


def test_the_number_of_a_claim_cannot_be_chosen(db: Session, request_id: UUID) -> None:
    assert put(db, request_id, claim_number=9)["claim_number"] == 0
    claim(db, request_id)
    assert put(db, request_id, claim_number=0)["claim_number"] == 1


def test_a_live_claim_is_made_longer_by_its_worker_and_taken_by_nobody(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        first = claim(db, request_id, "w1")
        longer = claim(db, request_id, "w1", 2 * LEASE)
        assert longer["claimed_until"] > first["claimed_until"]
        assert longer["claim_number"] == 1
        with db.refused("TK144"):
            claim(db, request_id, "w2")


def test_a_claim_that_ran_out_stays_the_last_one_when_something_else_changes(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        claim(db, request_id, "w1", PAST)
        row = put(db, request_id, priority=9)
    assert (row["claimed_by"], row["claim_number"]) == ("w1", 1)


def test_a_claim_runs_out_by_the_clock_and_not_the_transaction(
    db: Session, tenant: UUID, request_id: UUID, as_worker: Acting
) -> None:
    with as_worker(tenant=tenant):
        until = claim(db, request_id, "w1", timedelta(milliseconds=30))["claimed_until"]
        db.value("SELECT pg_sleep_until(%s)", until)
        assert until > db.value("SELECT now()")
        assert claim(db, request_id, "w2")["claim_number"] == 2


def test_anybody_may_free_a_claim_by_row(
    db: Session, tenant: UUID, request_id: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        claim(db, request_id)
        row = put(db, request_id, claimed_by=None, claimed_until=None)
        assert (row["claimed_by"], row["claim_number"]) == (None, 1)
        assert claim(db, request_id, "w2")["claim_number"] == 2


@pytest.mark.parametrize("state", CLOSED)
def test_a_request_that_ends_is_nobodys(db: Session, request_id: UUID, state: str) -> None:
    claim(db, request_id)
    row = put(db, request_id, state=state, **CLOSED[state])
    assert (row["claimed_by"], row["claimed_until"], row["claim_number"]) == (None, None, 1)
