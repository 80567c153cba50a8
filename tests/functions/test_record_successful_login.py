"""record_successful_login: the right secret clears the count, and opens no lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

LOGIN = "SELECT ticketing.record_successful_login(%s, %s)"
LOGIN_FROM = "SELECT ticketing.record_successful_login(%s, 'device', %s::inet, %s)"
FAIL = "SELECT * FROM ticketing.record_failed_attempt(%s, 'device', %s::inet)"
EVENTS = "SELECT * FROM ticketing.account_lockout_events ORDER BY seq"


def fail(db: Session, times: int, identifier: str = "d", address: str | None = None) -> Any:
    return [db.one(FAIL, identifier, address) for _ in range(times)][-1]


def test_the_failed_attempts_of_the_account_are_forgotten(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        fail(db, 4)
        assert db.value(LOGIN_FROM, " D ", "192.0.2.1", "u" * 600) is True
        assert fail(db, 1)["failed_attempt_count"] == 1
        assert fail(db, 3)["is_locked"] is False
    (row,) = [row for row in db.all(EVENTS) if row["event_type"] == "unlocked"]
    expected = {
        "tenant_id": tenant,
        "identifier": "d",
        "identifier_type": "device",
        "failed_attempt_count": 0,
        "reason": "success",
        "unlocked_by": None,
        "user_agent": "u" * 512,
    }
    assert expected.items() <= row.items()
    assert str(row["ip_address"]) == "192.0.2.1"


def test_a_login_with_nothing_to_forget_leaves_no_row(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        assert db.value(LOGIN, "d", "device") is True
    assert db.all(EVENTS) == []


def test_those_of_the_address_are_not(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    """Else whoever has an account of their own would clear the count of their guesses with it."""
    with as_tenant(tenant):
        for number in range(49):
            fail(db, 1, f"victim-{number}", "192.0.2.1")
        fail(db, 1, "own", "192.0.2.2")
        assert db.value(LOGIN_FROM, "own", "192.0.2.1", None) is True
        assert fail(db, 1, "victim-50", "192.0.2.1")["is_locked"] is True


def test_a_lock_of_the_account_holds_against_the_right_secret(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        fail(db, 5)
        assert db.value(LOGIN, "d", "device") is False
        assert fail(db, 1)["is_locked"] is True
    assert not [row for row in db.all(EVENTS) if row["event_type"] == "unlocked"]


def test_a_lock_of_the_address_does_too(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        for number in range(50):
            fail(db, 1, f"victim-{number}", "192.0.2.1")
        assert db.value(LOGIN_FROM, "victim-1", "192.0.2.1", None) is False
        assert db.value(LOGIN_FROM, "victim-1", "192.0.2.2", None) is True


def test_a_lock_of_the_platform_does_in_a_tenant(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with db.acting("ticketing_app"):
        fail(db, 5)
        assert db.value(LOGIN, "d", "device") is False
    with as_tenant(tenant):
        assert db.value(LOGIN, "d", "device") is False


def test_another_tenants_attempts_stay(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(other_tenant):
        fail(db, 4)
    with as_tenant(tenant):
        assert db.value(LOGIN, "d", "device") is True
    with as_tenant(other_tenant):
        assert fail(db, 1)["is_locked"] is True


@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("192.0.2.1", "ip"),
        (None, "device"),
        ("", "device"),
        ("d", None),
        ("d", "phone"),
    ],
)
def test_an_address_or_a_malformed_account_is_refused(
    db: Session, tenant: UUID, as_tenant: Acting, identifier: str | None, kind: str | None
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.value(LOGIN, identifier, kind)


def test_workers_may_and_readers_may_not(
    db: Session, tenant: UUID, as_worker: Acting, as_readonly: Acting
) -> None:
    with as_worker(tenant=tenant):
        assert db.value(LOGIN, "d", "device") is True
    with as_readonly(tenant), db.refused("42501"):
        db.value(LOGIN, "d", "device")


def test_a_login_waits_for_the_attempt_that_may_lock(clone: Database) -> None:
    """Of a right guess beside the wrong ones, the lock that they bring holds."""
    with psycopg.connect(clone.superuser_url) as connection:
        tenant = Make(Session(connection)).tenant()
    enter = "SELECT set_config('app.current_tenant_id', %s, TRUE)"
    with (
        psycopg.connect(clone.url("ts_test_app")) as guessing,
        psycopg.connect(clone.url("ts_test_app")) as login,
    ):
        guessing.execute(enter, [str(tenant)])
        fail(Session(guessing), 5)
        login.execute(enter, [str(tenant)])
        db = Session(login)
        db.run("SET LOCAL lock_timeout = '50ms'")
        with db.refused("55P03"):
            db.value(LOGIN, "d", "device")
        guessing.commit()
        assert db.value(LOGIN, "d", "device") is False
