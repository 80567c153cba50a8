"""lock_request_ticket: a pending request, at the version that the caller has seen, or an error."""

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

CALL = "SELECT * FROM ticketing.lock_request_ticket(%s)"
CALL_WITH = "SELECT * FROM ticketing.lock_request_ticket(%s, %s)"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_it_returns_the_request_as_it_stands(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row = make.row("request_tickets", tenant)
    with db.acting(role, tenant=tenant):
        assert db.one(CALL, row["id"]) == row
        assert db.one(CALL_WITH, row["id"], 1) == row
        assert db.one(CALL_WITH, row["id"], None) == row


def test_an_unknown_request_another_tenants_and_none_at_all_are_the_same(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    theirs = make.id("request_tickets", other_tenant)
    said = []
    for wanted in (uuid4(), theirs, None):
        with as_tenant(tenant), db.refused("TK141") as by:
            db.one(CALL, wanted)
        said.append(str(by.error).replace(str(wanted), "").replace("<NULL>", ""))
    assert len(set(said)) == 1


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
@pytest.mark.parametrize("version", [None, 1, 2])
def test_a_closed_request_is_closed_whatever_its_version(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, state: str, version: int | None
) -> None:
    row = make.id("request_tickets", tenant)
    with db.saying(reason="over"):
        db.run(
            "UPDATE ticketing.request_tickets SET state = %s, cancelled_by = %s WHERE id = %s",
            *(state, row if state == "cancelled" else None, row),
        )
    with as_tenant(tenant), db.refused("TK142") as by:
        db.one(CALL_WITH, row, version)
    assert state in str(by.error)


@pytest.mark.parametrize("version", [0, 1, 3])
def test_another_version_than_the_expected_is_refused(
    db: Session, make: Make, tenant: UUID, *, as_tenant: Acting, version: int
) -> None:
    row = make.id("request_tickets", tenant)
    db.run("UPDATE ticketing.request_tickets SET priority = 9 WHERE id = %s", row)
    with as_tenant(tenant):
        assert db.one(CALL_WITH, row, 2)["version"] == 2
        with db.refused("TK143"):
            db.one(CALL_WITH, row, version)


def test_without_a_tenant_it_is_refused(db: Session, make: Make, tenant: UUID) -> None:
    row = make.id("request_tickets", tenant)
    with db.acting("ticketing_worker"), db.refused("TK701"):
        db.one(CALL, row)


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_lock_nothing(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    row = make.id("request_tickets", tenant)
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.one(CALL, row)


def test_it_waits_for_whoever_has_the_row_and_sees_what_they_did(clone: Database) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        tenant = make.tenant()
        row = make.id("request_tickets", tenant)

    def context(connection: psycopg.Connection) -> None:
        connection.execute("SELECT set_config('app.current_tenant_id', %s, TRUE)", [str(tenant)])

    with (
        clone.connect("ts_test_app") as first,
        clone.connect("ts_test_app") as second,
        second.transaction(),
    ):
        context(second)
        second.execute("SET LOCAL lock_timeout = '50ms'")
        with first.transaction():
            context(first)
            first.execute(CALL.encode(), [row])
            with pytest.raises(psycopg.errors.LockNotAvailable), second.transaction():
                second.execute(CALL.encode(), [row])
            first.execute(
                b"UPDATE ticketing.request_tickets SET state = 'completed' WHERE id = %s", [row]
            )
        with pytest.raises(psycopg.Error) as refused, second.transaction():
            second.execute(CALL.encode(), [row])
    assert refused.value.sqlstate == "TK142"
