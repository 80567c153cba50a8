"""ticket_status_change_trigger: a ticket changes by the rules, and the change is stamped.

Each pair of statuses is tried in tests/triggers/test_every_transition.py.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.tickets WHERE id = %s"


@pytest.fixture
def ticket(make: Make, tenant: UUID) -> UUID:
    """An active ticket that somebody holds."""
    return make.id("tickets", tenant, status="active", user_id=make.id("users", tenant))


def become(db: Session, ticket: UUID, status: str, **columns: Any) -> Row:
    setting = "".join(f", {column} = %s" for column in columns)
    db.run(
        f"UPDATE ticketing.tickets SET status = %s{setting} WHERE id = %s",
        *(status, *columns.values(), ticket),
    )
    return db.one(READ, ticket)


def test_a_change_is_stamped_with_the_moment_and_the_person(
    db: Session, make: Make, tenant: UUID, ticket: UUID
) -> None:
    before = db.value("SELECT clock_timestamp()")
    scanner = make.id("users", tenant, role="scanner")
    with db.acting("ticketing_app", tenant=tenant, user=scanner, user_role="scanner"):
        row = become(db, ticket, "checked_in")
    assert before < row["status_changed_at"] < datetime.now(UTC)
    assert row["status_changed_by"] == row["checked_in_by"] == scanner
    assert row["checked_in_at"] == row["status_changed_at"]


def test_a_service_may_name_the_person_and_the_moment_of_a_check_in(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    who, by, when = uuid4(), uuid4(), datetime(2026, 1, 2, tzinfo=UTC)
    with as_tenant(tenant):
        row = become(
            *(db, ticket, "checked_in"),
            status_changed_by=who,
            checked_in_by=by,
            checked_in_at=when,
        )
    assert (row["status_changed_by"], row["checked_in_by"]) == (who, by)
    assert row["checked_in_at"] == when
    assert row["status_changed_at"] > when


def test_the_user_of_the_session_counts_before_whoever_is_named(
    db: Session, make: Make, tenant: UUID, ticket: UUID
) -> None:
    staff = make.id("users", tenant, role="staff")
    with db.acting("ticketing_app", tenant=tenant, user=staff, user_role="staff"):
        row = become(db, ticket, "checked_in", status_changed_by=uuid4())
    assert row["status_changed_by"] == staff


def test_person_and_reason_of_an_earlier_change_are_not_carried_on(
    db: Session, tenant: UUID, ticket: UUID
) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="door"):
        become(db, ticket, "checked_in", status_changed_by=uuid4())
    with db.acting("ticketing_app", tenant=tenant, actor="admin"):
        with db.refused("TK203"):
            become(db, ticket, "active")
        row = become(db, ticket, "used")
    assert row["status_reason"] is None
    assert row["status_changed_by"] is None


def test_the_reason_in_the_row_counts_before_that_of_the_transaction(
    db: Session, tenant: UUID, ticket: UUID
) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="nightly job"):
        assert become(db, ticket, "checked_in")["status_reason"] == "nightly job"
        row = become(db, ticket, "revoked", status_reason="chargeback")
    assert row["status_reason"] == "chargeback"


@pytest.mark.parametrize("status", ["revoked", "refunded", "cancelled"])
def test_a_ticket_is_not_ended_without_a_reason(
    db: Session, tenant: UUID, ticket: UUID, status: str
) -> None:
    with db.acting("ticketing_app", tenant=tenant, actor="admin"):
        for empty in ("", "  "):
            with db.refused("TK203"):
                become(db, ticket, status, status_reason=empty)


def test_an_update_of_other_columns_stamps_nothing(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    before = db.one(READ, ticket)
    with as_tenant(tenant):
        db.run("UPDATE ticketing.tickets SET seat = '7' WHERE id = %s", ticket)
        row = become(db, ticket, "active", seat="8")
    for column in ("status_changed_at", "status_changed_by", "status_reason"):
        assert row[column] == before[column]


def test_a_change_raises_the_version_once(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert become(db, ticket, "checked_in")["version"] == 2


@pytest.mark.parametrize("status", ["used", "revoked", "refunded", "expired", "cancelled"])
def test_a_ticket_that_ended_stays_so(db: Session, make: Make, tenant: UUID, status: str) -> None:
    ended = make.id(
        "tickets",
        tenant,
        status=status,
        status_reason="over",
        checked_in_at=datetime.now(UTC),
        user_id=make.id("users", tenant),
    )
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="please"):
        for onward in ("available", "active", "checked_in"):
            with db.refused("TK201"):
                become(db, ended, onward)


def test_a_missing_status_is_left_to_its_constraint(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant), db.refused("23502"):
        become(db, ticket, None)  # type: ignore[arg-type]


# --- a ticket in flight on the chain is not refunded ---


def in_flight(make: Make, tenant: UUID, ticket: UUID, **given: Any) -> UUID:
    return make.id("pending_transactions", tenant, ticket_id=ticket, **given)


@pytest.mark.parametrize("status", ["pending", "confirming"])
@pytest.mark.parametrize("kind", ["mint", "transfer", "burn", "metadata_update"])
def test_a_ticket_with_a_transaction_in_flight_is_not_refunded(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, status: str, kind: str
) -> None:
    tx = in_flight(make, tenant, ticket, tx_type=kind, status=status)
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="asked for"):
        with db.refused("TK209"):
            become(db, ticket, "refunded")
        # What must not wait does not.
        with db.connection.transaction(force_rollback=True):
            assert become(db, ticket, "revoked")["status"] == "revoked"
        assert become(db, ticket, "checked_in")["status"] == "checked_in"
        db.run(
            """
            UPDATE ticketing.pending_transactions
            SET status = 'failed', error_code = 'Custom:1', failed_at = now() WHERE id = %s
            """,
            tx,
        )
        assert become(db, ticket, "refunded")["status"] == "refunded"


def test_a_look_at_the_chain_is_not_in_the_way_of_a_refund(
    db: Session, make: Make, tenant: UUID, ticket: UUID
) -> None:
    make.row("pending_transactions", tenant, tx_type="verify", ticket_id=ticket)
    other = make.id("tickets", tenant, status="active", user_id=make.id("users", tenant))
    in_flight(make, tenant, other, tx_type="burn", status="pending")
    with db.acting("ticketing_app", tenant=tenant, actor="admin", reason="asked for"):
        assert become(db, ticket, "refunded")["status"] == "refunded"


# --- a ticket on offer does not enter ---


@pytest.mark.parametrize("accepted", [False, True])
def test_a_ticket_on_offer_is_not_checked_in(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, as_tenant: Acting, accepted: bool
) -> None:
    offer = make.id("ticket_transfers", tenant, ticket_id=ticket)
    if accepted:
        db.run(
            "UPDATE ticketing.ticket_transfers SET status = 'accepted', to_user_id = %s "
            "WHERE id = %s",
            *(make.id("users", tenant), offer),
        )
    with as_tenant(tenant), db.refused("TK208"):
        become(db, ticket, "checked_in")


def test_once_the_offer_is_closed_it_is(
    db: Session, make: Make, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    offer = make.id("ticket_transfers", tenant, ticket_id=ticket)
    db.run("UPDATE ticketing.ticket_transfers SET status = 'rejected' WHERE id = %s", offer)
    with as_tenant(tenant):
        assert become(db, ticket, "checked_in")["status"] == "checked_in"


def test_an_offer_of_another_ticket_is_no_obstacle(
    db: Session, make: Make, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    make.id("ticket_transfers", tenant)
    with as_tenant(tenant):
        assert become(db, ticket, "checked_in")["status"] == "checked_in"


@pytest.mark.parametrize("first", ["offer", "check-in"])
def test_an_offer_and_a_check_in_that_meet_never_both_succeed(clone: Database, first: str) -> None:
    """The second waits for the first and then sees what it did."""
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        holder = make.id("users", tenant)
        ticket = make.id("tickets", tenant, status="active", user_id=holder)
    offer = (
        "INSERT INTO ticketing.ticket_transfers (tenant_id, ticket_id, from_user_id, to_email) "
        "VALUES (%s, %s, %s, 'friend@example.org')",
        [tenant, ticket, holder],
    )
    enter = (
        "UPDATE ticketing.tickets SET status = 'checked_in' WHERE tenant_id = %s AND id = %s",
        [tenant, ticket],
    )
    one, two = (offer, enter) if first == "offer" else (enter, offer)
    with clone.connect("ts_test_app") as early, clone.connect("ts_test_app") as late:

        def follow() -> str | None:
            try:
                with late.transaction():
                    late.execute(CONTEXT, [str(tenant)])
                    late.execute(*two)
            except psycopg.Error as error:
                return error.sqlstate
            return None

        with ThreadPoolExecutor(1) as pool:
            with early.transaction():
                early.execute(CONTEXT, [str(tenant)])
                early.execute(*one)
                waiting = pool.submit(follow)
                wait_for_lock(clone, late.info.backend_pid)
            assert waiting.result() == ("TK208" if first == "offer" else "TK206")


CONTEXT = "SELECT set_config('app.current_tenant_id', %s, TRUE)"


def wait_for_lock(target: Database, backend: int) -> None:
    """Returns once a backend waits for a lock."""
    with target.connect() as watcher:
        for _ in range(500):
            blocked = watcher.execute("SELECT cardinality(pg_blocking_pids(%s))", [backend])
            row = blocked.fetchone()
            if row is not None and row[0]:
                return
            time.sleep(0.01)
    raise AssertionError("the second caller did not wait")
