"""unlock_account: lifts a lock, in a session that may."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

UNLOCK = "SELECT ticketing.unlock_account(%s, %s)"
UNLOCK_BY = "SELECT ticketing.unlock_account('d', 'device', %s, %s)"
FAIL = "SELECT * FROM ticketing.record_failed_attempt(%s, %s)"
LOCKED = "SELECT ticketing.is_locked(%s, %s)"
UNLOCKED = "SELECT * FROM ticketing.account_lockout_events WHERE event_type = 'unlocked'"
PERSON = uuid4()


def lock(db: Session, tenant: UUID | None = None) -> None:
    with db.acting("ticketing_app", tenant=tenant):
        assert [db.one(FAIL, "d", "device")["is_locked"] for _ in range(5)][-1]


def test_the_lock_is_lifted_and_counting_starts_anew(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    lock(db, tenant)
    with as_tenant(tenant):
        assert db.value(UNLOCK_BY, PERSON, "called the hotline") is True
        assert db.value(LOCKED, "d", "device") is False
        assert db.one(FAIL, "d", "device")["failed_attempt_count"] == 1
    expected = {
        "tenant_id": tenant,
        "identifier": "d",
        "identifier_type": "device",
        "failed_attempt_count": 0,
        "reason": "called the hotline",
        "unlocked_by": PERSON,
        "locked_until": None,
    }
    assert expected.items() <= db.one(UNLOCKED).items()


def test_a_second_unlock_finds_nothing_and_leaves_no_row(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    lock(db, tenant)
    with as_tenant(tenant):
        assert db.value(UNLOCK, " D ", "device") is True
        assert db.value(UNLOCK, "d", "device") is False
        assert db.value(UNLOCK, "never seen", "device") is False
    assert len(db.all(UNLOCKED)) == 1


def test_attempts_that_did_not_lock_yet_are_forgotten_too(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        for _ in range(4):
            db.one(FAIL, "d", "device")
        assert db.value(UNLOCK, "d", "device") is False
        assert db.one(FAIL, "d", "device")["failed_attempt_count"] == 1


def test_an_address_is_unlocked_by_any_address_of_its_network(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        for _ in range(50):
            db.one(FAIL, "2001:db8::1", "ip")
        assert db.value(LOCKED, "2001:db8::1", "ip") is True
        assert db.value(UNLOCK, "2001:db8::2", "ip") is True
        assert db.value(LOCKED, "2001:db8::1", "ip") is False


def test_only_the_tenants_own_lock_is_lifted(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    lock(db, tenant)
    with as_tenant(other_tenant):
        assert db.value(UNLOCK, "d", "device") is False
    with db.acting("ticketing_app"):
        assert db.value(UNLOCK, "d", "device") is False
    with as_tenant(tenant):
        assert db.value(LOCKED, "d", "device") is True


def test_the_platforms_lock_is_lifted_without_a_tenant(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    lock(db)
    with as_tenant(tenant):
        assert db.value(UNLOCK, "d", "device") is False
        assert db.value(LOCKED, "d", "device") is True
    with db.acting("ticketing_app"):
        assert db.value(UNLOCK, "d", "device") is True
    with as_tenant(tenant):
        assert db.value(LOCKED, "d", "device") is False


@pytest.mark.parametrize("role", ["user", "venue_owner", ""])
def test_a_customer_unlocks_nobody(db: Session, tenant: UUID, as_user: Acting, role: str) -> None:
    lock(db, tenant)
    with as_user(tenant, PERSON, role):
        for named in (PERSON, None):
            with db.refused("TK711"):
                db.value(UNLOCK_BY, named, None)
        assert db.value(LOCKED, "d", "device") is True


@pytest.mark.parametrize("role", ["staff", "scanner", "admin", "superadmin"])
def test_staff_unlock_in_their_own_name(
    db: Session, tenant: UUID, as_user: Acting, role: str
) -> None:
    lock(db, tenant)
    with as_user(tenant, PERSON, role):
        with db.refused("TK738"):
            db.value(UNLOCK_BY, uuid4(), None)
        assert db.value(UNLOCK_BY, None, None) is True
    assert db.one(UNLOCKED)["unlocked_by"] == PERSON


def test_a_malformed_user_names_nobody(db: Session, tenant: UUID) -> None:
    lock(db, tenant)
    with (
        db.acting("ticketing_app", tenant=tenant, user="root", user_role="admin"),
        db.refused("TK738"),
    ):
        db.value(UNLOCK_BY, PERSON, None)


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [(None, "device"), ("", "device"), ("d", None), ("d", "phone"), ("no address", "ip")],
)
def test_a_malformed_identifier_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, identifier: str | None, kind: str | None
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.value(UNLOCK, identifier, kind)


def test_workers_may_and_readers_may_not(
    db: Session, tenant: UUID, as_worker: Acting, as_readonly: Acting
) -> None:
    lock(db, tenant)
    with as_readonly(tenant), db.refused("42501"):
        db.value(UNLOCK, "d", "device")
    with as_worker(tenant=tenant):
        assert db.value(UNLOCK, "d", "device") is True


def test_it_waits_for_an_attempt_that_is_being_recorded(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        tenant = Make(Session(connection)).tenant()
    with (
        psycopg.connect(clone.url("ts_test_app")) as failing,
        psycopg.connect(clone.url("ts_test_app")) as unlocking,
    ):
        for connection in (failing, unlocking):
            connection.execute(
                "SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)]
            )
        for _ in range(5):
            Session(failing).one(FAIL, "d", "device")
        db = Session(unlocking)
        db.run("SET LOCAL lock_timeout = '50ms'")
        with db.refused("55P03"):
            db.value(UNLOCK, "d", "device")
        failing.commit()
        assert db.value(UNLOCK, "d", "device") is True
