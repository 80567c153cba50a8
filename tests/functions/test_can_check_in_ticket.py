"""can_check_in_ticket: could this ticket enter now?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

from support.factories import Make, Row
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.can_check_in_ticket(%s)"
CALL_WITH = "SELECT ticketing.can_check_in_ticket(%s, %s, %s)"


COLLECTED = datetime.now(UTC)


def anew(given: Row) -> Row:
    """Returns columns whose times, made when the tests were collected, count from now."""
    late = datetime.now(UTC) - COLLECTED
    return {
        name: value + late if isinstance(value, datetime) else value
        for name, value in given.items()
    }


def soon(**given: float) -> datetime:
    return datetime.now(UTC) + timedelta(**given)


def ticket(make: Make, tenant: UUID, event: Row | None = None, **given: Any) -> UUID:
    """Returns an active ticket of an event that is on, unless told otherwise."""
    dates = {"starts_at": soon(hours=-1), "ends_at": soon(hours=1), **(event or {})}
    filled = {"status": "active", "user_id": make.id("users", tenant), **given}
    return make.id("tickets", tenant, event_id=make.id("events", tenant, **dates), **filled)


@pytest.mark.parametrize("status", ["active", "transferred"])
@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker", "ticketing_readonly"])
def test_a_usable_ticket_of_an_event_that_is_on_could_enter(
    db: Session, make: Make, tenant: UUID, *, role: str, status: str
) -> None:
    made = ticket(make, tenant, status=status)
    with db.acting(role, tenant=tenant):
        assert db.value(CALL, made) is True


@pytest.mark.parametrize(
    "status",
    [
        *("available", "reserved", "sold", "minted", "checked_in", "used"),
        *("revoked", "refunded", "expired", "cancelled"),
    ],
)
def test_no_other_could(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting, status: str
) -> None:
    shape: Row = {} if status != "available" else {"user_id": None}
    made = ticket(
        *(make, tenant),
        status=status,
        status_reason="over",
        checked_in_at=soon(),
        is_nft=True,
        token_mint="7" * 44,
        **shape,
    )
    with as_tenant(tenant):
        assert db.value(CALL, made) is False


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param({"starts_at": soon(hours=3.5), "ends_at": soon(hours=9)}, True, id="early"),
        pytest.param({"starts_at": soon(hours=4.5), "ends_at": soon(hours=9)}, False, id="closed"),
        pytest.param({"starts_at": soon(hours=-9), "ends_at": soon(hours=-1.5)}, True, id="late"),
        pytest.param({"starts_at": soon(hours=-9), "ends_at": soon(hours=-2.5)}, False, id="over"),
        pytest.param(
            {
                "starts_at": soon(hours=1),
                "ends_at": soon(hours=2),
                "check_in_opens_before": timedelta(0),
            },
            False,
            id="not before the start",
        ),
        pytest.param(
            {
                "starts_at": soon(hours=-2),
                "ends_at": soon(hours=-1),
                "check_in_closes_after": timedelta(0),
            },
            False,
            id="not after the end",
        ),
        pytest.param(
            {
                "starts_at": soon(days=6),
                "ends_at": soon(days=7),
                "check_in_opens_before": timedelta(days=7),
            },
            True,
            id="a week before",
        ),
        pytest.param({"status": "cancelled"}, False, id="cancelled"),
        pytest.param({"status": "postponed"}, True, id="postponed, with dates that hold"),
    ],
)
def test_the_event_opens_and_closes_its_doors(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, event: Row, expected: bool
) -> None:
    made = ticket(make, tenant, anew(event))
    with as_tenant(tenant):
        assert db.value(CALL, made) is expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"valid_from": soon(hours=-1)}, True),
        ({"valid_from": soon(hours=1)}, False),
        ({"expires_at": soon(hours=1)}, True),
        ({"expires_at": soon(hours=-1)}, False),
    ],
)
def test_the_ticket_has_a_time_of_its_own(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, given: Row, expected: bool
) -> None:
    made = ticket(make, tenant, **anew(given))
    with as_tenant(tenant):
        assert db.value(CALL, made) is expected


def test_start_and_end_of_the_caller_replace_the_events(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = ticket(make, tenant)
    with as_tenant(tenant):
        assert db.value(CALL_WITH, made, soon(hours=5), soon(hours=6)) is False
        assert db.value(CALL_WITH, made, soon(hours=-9), soon(hours=-8)) is False
        assert db.value(CALL_WITH, made, None, soon(hours=-8)) is False
        assert db.value(CALL_WITH, made, soon(hours=5), None) is False
        assert db.value(CALL_WITH, made, soon(hours=1), soon(hours=2)) is True


def test_a_ticket_on_offer_could_not(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    made = ticket(make, tenant)
    offer = make.id("ticket_transfers", tenant, ticket_id=made)
    with as_tenant(tenant):
        assert db.value(CALL, made) is False
        db.run("UPDATE ticketing.ticket_transfers SET status = 'rejected' WHERE id = %s", offer)
        assert db.value(CALL, made) is True


@pytest.mark.parametrize("unknown", [None, uuid4()])
def test_an_unknown_ticket_could_not(
    db: Session, tenant: UUID, as_tenant: Acting, unknown: UUID | None
) -> None:
    with as_tenant(tenant):
        assert db.value(CALL, unknown) is False


@pytest.mark.parametrize("context", [None, "", "nonsense"])
def test_without_the_tenant_every_ticket_is_unknown(
    db: Session, make: Make, tenant: UUID, other_tenant: UUID, context: str | None
) -> None:
    made = ticket(make, tenant)
    with db.acting("ticketing_app", tenant=context):
        assert db.value(CALL, made) is False
    with db.acting("ticketing_app", tenant=other_tenant):
        assert db.value(CALL, made) is False


def test_the_clock_decides_and_not_the_start_of_the_transaction(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    opened = db.value("SELECT clock_timestamp()")
    assert opened > db.value("SELECT now()")
    made = ticket(make, tenant, valid_from=opened)
    with as_tenant(tenant):
        assert db.value(CALL, made) is True


def test_a_login_without_a_role_may_not_ask(db: Session, tenant: UUID, as_nobody: Acting) -> None:
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.value(CALL, uuid4())
