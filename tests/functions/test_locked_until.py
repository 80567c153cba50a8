"""locked_until: when the lock ends, of the account, the address, the tenant or the platform."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

UNTIL = "SELECT ticketing.locked_until(%s, %s)"
UNTIL_WITH_ADDRESS = "SELECT ticketing.locked_until(%s, %s, %s::inet)"


class Locks:
    """Makes locks that began five minutes ago."""

    def __init__(self, db: Session, make: Make, tenant: UUID) -> None:
        self.make, self.tenant = make, tenant
        self.now: datetime = db.value("SELECT clock_timestamp()")

    def __call__(self, minutes: float, identifier: str = "d", **given: Any) -> datetime:
        """Locks an identifier until so many minutes from now, and returns that."""
        until = self.now + timedelta(minutes=minutes)
        values = {
            "identifier": identifier,
            "event_type": "locked",
            "failed_attempt_count": 5,
            "created_at": self.now - timedelta(minutes=5),
            **given,
        }
        self.make.row("account_lockout_events", self.tenant, locked_until=until, **values)
        return until


@pytest.fixture
def lock(db: Session, make: Make, tenant: UUID) -> Locks:
    return Locks(db, make, tenant)


def test_what_was_never_locked_has_no_end(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        assert db.value(UNTIL, "d", "device") is None
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "192.0.2.1") is None


def test_a_lock_ends_when_it_says_and_is_over_then(
    db: Session, tenant: UUID, lock: Locks, as_tenant: Acting
) -> None:
    until = lock(1)
    lock(-1, "past")
    with as_tenant(tenant):
        assert db.value(UNTIL, "d", "device") == until
        assert db.value(UNTIL, " D ", "device") == until
        assert db.value(UNTIL, "past", "device") is None
        assert db.value(UNTIL, "d", "user_id") is None


def test_the_later_of_account_and_address(
    db: Session, tenant: UUID, lock: Locks, as_tenant: Acting
) -> None:
    account = lock(1)
    network = lock(2, "192.0.2.1", identifier_type="ip")
    with as_tenant(tenant):
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "192.0.2.1") == network
        assert db.value(UNTIL_WITH_ADDRESS, "e", "device", "192.0.2.1") == network
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "192.0.2.2") == account
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", None) == account
        assert db.value(UNTIL, "192.0.2.1", "ip") == network


def test_an_address_is_its_ipv6_network_and_its_ipv4_self(
    db: Session, tenant: UUID, lock: Locks, as_tenant: Acting
) -> None:
    six = lock(1, "2001:db8::/64", identifier_type="ip")
    four = lock(2, "192.0.2.1", identifier_type="ip")
    with as_tenant(tenant):
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "2001:db8::99") == six
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "2001:db8:0:1::1") is None
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "::ffff:192.0.2.1") == four
        assert db.value(UNTIL_WITH_ADDRESS, "d", "device", "192.0.2.1/24") == four


def test_the_platform_locks_in_every_tenant_and_a_tenant_in_its_own(
    db: Session, tenant: UUID, *, other_tenant: UUID, lock: Locks, as_tenant: Acting
) -> None:
    own = lock(1)
    elsewhere = lock(3, tenant_id=other_tenant)
    with as_tenant(tenant):
        assert db.value(UNTIL, "d", "device") == own
    with as_tenant(other_tenant):
        assert db.value(UNTIL, "d", "device") == elsewhere
    with db.acting("ticketing_app"):
        assert db.value(UNTIL, "d", "device") is None
    everywhere = lock(2, tenant_id=None)
    with as_tenant(tenant):
        assert db.value(UNTIL, "d", "device") == everywhere
    with as_tenant(other_tenant):
        assert db.value(UNTIL, "d", "device") == elsewhere
    with db.acting("ticketing_app"):
        assert db.value(UNTIL, "d", "device") == everywhere


def test_an_unlock_in_one_tenant_leaves_the_platforms_lock(
    db: Session, make: Make, tenant: UUID, *, lock: Locks, as_tenant: Acting
) -> None:
    everywhere = lock(1, tenant_id=None)
    lock(2)
    make.row("account_lockout_events", tenant, identifier="d", event_type="unlocked")
    with as_tenant(tenant):
        assert db.value(UNTIL, "d", "device") == everywhere


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        (None, "device"),
        ("", "device"),
        ("d", None),
        ("d", "phone"),
        ("not an address", "ip"),
        ("d" * 256, "device"),
    ],
)
def test_a_mistake_never_reads_as_not_locked(
    db: Session, tenant: UUID, as_tenant: Acting, identifier: str | None, kind: str | None
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.value(UNTIL, identifier, kind)


def test_workers_may_and_readers_may_not(
    db: Session, tenant: UUID, *, lock: Locks, as_worker: Acting, as_readonly: Acting
) -> None:
    until = lock(1)
    with as_worker(tenant=tenant):
        assert db.value(UNTIL, "d", "device") == until
    with as_readonly(tenant), db.refused("42501"):
        db.value(UNTIL, "d", "device")
