"""is_locked: yes or no, and never NULL."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LOCKED = "SELECT ticketing.is_locked(%s, %s)"
LOCKED_WITH_ADDRESS = "SELECT ticketing.is_locked(%s, %s, %s::inet)"


@pytest.fixture
def locked(db: Session, make: Make, tenant: UUID) -> None:
    """A device and an address that are locked, and a device that no longer is."""
    now = db.value("SELECT clock_timestamp()")
    created = now - timedelta(minutes=10)
    for identifier, kind, minutes in (
        ("d", "device", 5),
        ("192.0.2.1", "ip", 5),
        ("past", "device", -5),
    ):
        make.row(
            "account_lockout_events",
            tenant,
            identifier=identifier,
            identifier_type=kind,
            event_type="locked",
            locked_until=now + timedelta(minutes=minutes),
            created_at=created,
        )


@pytest.mark.usefixtures("locked")
@pytest.mark.parametrize(
    ("identifier", "address", "expected"),
    [
        ("d", None, True),
        ("d", "192.0.2.2", True),
        ("fresh", "192.0.2.1", True),
        ("fresh", "192.0.2.2", False),
        ("fresh", None, False),
        ("past", None, False),
    ],
)
def test_account_or_address_is_enough(
    db: Session,
    tenant: UUID,
    as_tenant: Acting,
    *,
    identifier: str,
    address: str | None,
    expected: bool,
) -> None:
    with as_tenant(tenant):
        assert db.value(LOCKED_WITH_ADDRESS, identifier, "device", address) is expected


@pytest.mark.usefixtures("locked")
def test_another_tenant_is_not_bound(
    db: Session, other_tenant: UUID, as_tenant: Acting, as_worker: Acting
) -> None:
    with as_tenant(other_tenant):
        assert db.value(LOCKED, "d", "device") is False
    with as_worker():
        assert db.value(LOCKED, "d", "device") is False


def test_it_is_an_attempt_and_an_unlock_away(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        fail = "SELECT * FROM ticketing.record_failed_attempt('d', 'device')"
        assert [(db.one(fail), db.value(LOCKED, "d", "device"))[1] for _ in range(5)] == [
            *[False] * 4,
            True,
        ]
        assert db.value("SELECT ticketing.unlock_account('d', 'device')") is True
        assert db.value(LOCKED, "d", "device") is False


def test_a_mistake_is_an_error_and_no_answer(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        for call in ((None, "device"), ("d", None), ("d", "phone")):
            with db.refused("TK001"):
                db.value(LOCKED, *call)


def test_readers_may_not_ask(
    db: Session, tenant: UUID, as_readonly: Acting, as_nobody: Acting
) -> None:
    with as_readonly(tenant), db.refused("42501"):
        db.value(LOCKED, "d", "device")
    with as_nobody(tenant=tenant), db.refused("42501"):
        db.value(LOCKED, "d", "device")
