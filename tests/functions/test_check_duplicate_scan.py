"""check_duplicate_scan: was the ticket let in a moment ago?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CHECK = "SELECT * FROM ticketing.check_duplicate_scan(%s)"
WITHIN = "SELECT * FROM ticketing.check_duplicate_scan(%s, %s)"
NEVER = {"is_duplicate": False, "last_scan_at": None, "scan_count": 0}


@pytest.fixture
def ticket(make: Make, tenant: UUID) -> UUID:
    return make.id("tickets", tenant)


def scanned(db: Session, make: Make, ticket: UUID, seconds: float, **given: Any) -> datetime:
    """Returns when the ticket was scanned: so many seconds ago."""
    row = make.session.one("SELECT tenant_id FROM ticketing.tickets WHERE id = %s", ticket)
    at: datetime = db.value("SELECT clock_timestamp()") - timedelta(seconds=seconds)
    reason = None if given.get("result", "valid") == "valid" else "so"
    values = {"ticket_id": ticket, "scanned_at": at, "rejection_reason": reason, **given}
    make.row("ticket_scans", row["tenant_id"], **values)
    return at


def test_a_ticket_that_was_never_scanned_is_no_duplicate(
    db: Session, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.one(CHECK, ticket) == NEVER


def test_entries_and_their_repeats_are_counted(
    db: Session, make: Make, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    scanned(db, make, ticket, 20)
    last = scanned(db, make, ticket, 10, result="duplicate")
    scanned(db, make, ticket, 5, direction="exit")
    for result in ("already_used", "not_open", "revoked", "transfer_pending", "invalid"):
        scanned(db, make, ticket, 1, result=result)
    with as_tenant(tenant):
        assert db.one(CHECK, ticket) == {
            "is_duplicate": True,
            "last_scan_at": last,
            "scan_count": 2,
        }


def test_a_repeat_does_not_prolong_the_window(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, as_tenant: Acting
) -> None:
    scanned(db, make, ticket, 40)
    last = scanned(db, make, ticket, 10, result="duplicate")
    with as_tenant(tenant):
        assert db.one(CHECK, ticket) == {**NEVER, "last_scan_at": last, "scan_count": 1}


def test_what_was_let_in_before_an_undone_check_in_does_not_count(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.id("tickets", tenant, check_in_round=2)
    scanned(db, make, ticket, 5)
    with as_tenant(tenant):
        assert db.one(CHECK, ticket) == NEVER
    scanned(db, make, ticket, 5, check_in_round=2)
    with as_tenant(tenant):
        assert db.one(CHECK, ticket)["is_duplicate"]


@pytest.mark.parametrize(
    ("seconds_ago", "window", "found"),
    [
        (29, (), True),
        (31, (), False),
        (59, (60,), True),
        (61, (60,), False),
        (86_399, (86_400,), True),
        (86_401, (86_400,), False),
        (2, (1,), False),
    ],
)
def test_only_the_window_counts(
    db: Session,
    make: Make,
    tenant: UUID,
    *,
    ticket: UUID,
    as_tenant: Acting,
    seconds_ago: int,
    window: tuple[int, ...],
    found: bool,
) -> None:
    scanned(db, make, ticket, seconds_ago)
    with as_tenant(tenant):
        answer = db.one(WITHIN if window else CHECK, ticket, *window)
    assert (answer["is_duplicate"], answer["scan_count"]) == (found, int(found))


def test_the_window_ends_at_the_clock_and_not_when_the_transaction_began(
    db: Session, make: Make, tenant: UUID, ticket: UUID, as_tenant: Acting
) -> None:
    at = db.value("SELECT now() - interval '1 second'")
    assert db.value("SELECT clock_timestamp() > now()")
    make.row("ticket_scans", tenant, ticket_id=ticket, scanned_at=at)
    with as_tenant(tenant):
        assert db.one(WITHIN, ticket, 1) == NEVER


@pytest.mark.parametrize("window", [0, -1, 86_401, None])
def test_a_window_out_of_range_is_refused(
    db: Session, tenant: UUID, ticket: UUID, *, as_tenant: Acting, window: int | None
) -> None:
    with as_tenant(tenant), db.refused("TK001") as by:
        db.all(WITHIN, ticket, window)
    assert str(by.error.diag.message_primary).startswith("p_time_window_seconds is ")


def test_a_missing_ticket_is_refused(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant), db.refused("TK001") as by:
        db.all(CHECK, None)
    assert by.error.diag.message_primary == "p_ticket_id is missing"


def test_a_ticket_of_another_tenant_reads_like_one_that_never_was(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("tickets", other_tenant)
    scanned(db, make, theirs, 1)
    with as_tenant(tenant):
        assert db.one(CHECK, theirs) == db.one(CHECK, uuid4()) == NEVER


def test_without_a_tenant_it_does_not_say_no_duplicate(
    db: Session, make: Make, ticket: UUID
) -> None:
    scanned(db, make, ticket, 1)
    with db.acting("ticketing_app"), db.refused("TK701"):
        db.all(CHECK, ticket)


@pytest.mark.parametrize("user_role", ["user", "venue_owner"])
def test_a_customer_may_not_look(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, as_user: Acting, user_role: str
) -> None:
    with as_user(tenant, make.id("users", tenant), user_role), db.refused("TK303"):
        db.all(CHECK, ticket)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_every_role_of_a_service_may_look(
    db: Session, make: Make, tenant: UUID, *, ticket: UUID, role: str
) -> None:
    scanned(db, make, ticket, 1)
    with db.acting(role, tenant=tenant):
        assert db.one(CHECK, ticket)["is_duplicate"]


def test_a_login_without_grants_may_not(
    db: Session, tenant: UUID, ticket: UUID, as_nobody: Acting
) -> None:
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.all(CHECK, ticket)


def test_it_writes_nothing(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    row: Row = make.row("tickets", tenant, status="active", purchaser_email="a@example.org")
    scanned(db, make, row["id"], 1)
    with as_tenant(tenant):
        db.one(CHECK, row["id"])
    assert db.value("SELECT count(*) FROM ticketing.ticket_scans") == 1
    assert db.one("SELECT * FROM ticketing.tickets WHERE id = %s", row["id"]) == row
