"""account_lockout_events: rules of the table, and who reaches it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

NOW = datetime(2030, 6, 1, 18, tzinfo=UTC)
TICK = timedelta(microseconds=1)
STATEMENTS = (
    "SELECT FROM ticketing.account_lockout_events",
    "INSERT INTO ticketing.account_lockout_events (identifier, identifier_type, event_type)"
    " VALUES ('d', 'device', 'unlocked')",
    "UPDATE ticketing.account_lockout_events SET locked_until = now()",
    "DELETE FROM ticketing.account_lockout_events",
    "TRUNCATE ticketing.account_lockout_events",
)


@pytest.mark.parametrize(
    ("constraint", "given"),
    [
        ("chk_lockout_identifier", {"identifier": ""}),
        ("chk_lockout_identifier", {"identifier": "i" * 256}),
        ("chk_lockout_identifier", {"identifier": "Ann"}),
        ("chk_lockout_identifier_type", {"identifier_type": "email"}),
        ("chk_lockout_identifier_type", {"identifier_type": ""}),
        ("chk_lockout_event_type", {"event_type": "lock"}),
        ("chk_lockout_count", {"failed_attempt_count": -1}),
        ("chk_lockout_locked", {"event_type": "locked"}),
        ("chk_lockout_locked", {"event_type": "unlocked", "locked_until": NOW + TICK}),
        ("chk_lockout_locked", {"event_type": "failed_attempt", "locked_until": NOW + TICK}),
        ("chk_lockout_locked", {"event_type": "locked", "locked_until": NOW}),
    ],
)
def test_a_value_outside_the_rules_is_refused(
    db: Session, make: Make, tenant: UUID, constraint: str, given: Row
) -> None:
    with db.refused("23514", constraint):
        make.row("account_lockout_events", tenant, created_at=NOW, **given)


@pytest.mark.parametrize(
    "given",
    [
        {"identifier": "i"},
        {"identifier": "i" * 255},
        *(
            {"identifier_type": kind}
            for kind in ("user_id", "email_hash", "ip", "device", "ticket_code")
        ),
        {"event_type": "unlocked"},
        {"event_type": "locked", "locked_until": NOW + TICK},
        {"failed_attempt_count": 0},
        {"tenant_id": None},
    ],
)
def test_a_value_at_the_edge_of_the_rules_is_accepted(make: Make, tenant: UUID, given: Row) -> None:
    row = make.row("account_lockout_events", tenant, created_at=NOW, **given)
    assert given.items() <= row.items()


def test_the_tenant_if_any_must_exist(db: Session, make: Make, tenant: UUID) -> None:
    with db.refused("23503", "fk_account_lockout_events_tenant_id"):
        make.row("account_lockout_events", tenant, tenant_id=uuid4())


def test_events_are_numbered_in_their_order(make: Make, tenant: UUID) -> None:
    numbers = [make.row("account_lockout_events", tenant)["seq"] for _ in range(3)]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_readonly", "ts_test_nobody"])
@pytest.mark.parametrize("statement", STATEMENTS)
def test_no_service_touches_it(db: Session, tenant: UUID, role: str, statement: str) -> None:
    with (
        db.acting(role, tenant=tenant, user_role="superadmin"),
        db.refused("42501") as by,
    ):
        db.run(statement)
    assert "permission denied" in str(by.error)


def test_a_worker_reads_the_events_of_all_and_of_no_tenant(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, as_worker: Acting
) -> None:
    for owner in (tenant, other_tenant, None):
        make.row("account_lockout_events", tenant, tenant_id=owner)
    with as_worker():
        owners = db.all("SELECT tenant_id FROM ticketing.account_lockout_events")
    assert {row["tenant_id"] for row in owners} == {tenant, other_tenant, None}


@pytest.mark.parametrize("statement", STATEMENTS[1:])
def test_a_worker_cannot_write_it(db: Session, as_worker: Acting, statement: str) -> None:
    with as_worker(), db.refused("42501"):
        db.run(statement)


def test_a_member_of_the_owner_is_not_the_owner(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("account_lockout_events", tenant)
    db.run("GRANT ticketing_owner TO ts_test_nobody")
    with db.acting("ts_test_nobody"):
        assert db.all(STATEMENTS[0]) == []
        with db.refused("42501"):
            db.run(STATEMENTS[1])
