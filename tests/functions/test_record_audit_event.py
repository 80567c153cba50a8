"""record_audit_event: a service says that it started or stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

CALL = "SELECT ticketing.record_audit_event(%s)"
CALL_WITH = "SELECT ticketing.record_audit_event(%s, %s)"
READ = "SELECT * FROM ticketing.audit_events WHERE id = %s"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
@pytest.mark.parametrize("kind", ["service_started", "service_stopped"])
def test_a_service_records_its_start_and_its_stop(
    db: Session, tenant: UUID, *, role: str, kind: str
) -> None:
    with db.acting(role, tenant=tenant):
        event = db.one(READ, db.value(CALL_WITH, kind, Jsonb({"version": "1.2"})))
    assert event["event_type"] == kind
    assert (event["tenant_id"], event["ticket_id"], event["user_id"]) == (tenant, None, None)
    assert event["data"] == {"version": "1.2"}


def test_without_data_they_are_empty(db: Session, tenant: UUID, as_tenant: Acting) -> None:
    with as_tenant(tenant):
        assert db.one(READ, db.value(CALL, "service_started"))["data"] == {}


def test_the_user_is_the_sessions(db: Session, make: Make, tenant: UUID, as_user: Acting) -> None:
    user = make.id("users", tenant)
    with as_user(tenant, user, user_role="admin"):
        assert db.one(READ, db.value(CALL, "service_started"))["user_id"] == user


@pytest.mark.parametrize(
    "kind", [None, "", "ticket_created", "ticket_cancelled", "SERVICE_STARTED"]
)
def test_what_happens_to_a_request_is_not_recorded_by_hand(
    db: Session, tenant: UUID, as_tenant: Acting, kind: str | None
) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.value(CALL, kind)


@pytest.mark.parametrize("data", [[], "x", 1, {"key": "x" * 8192}])
def test_data_are_a_small_object(db: Session, tenant: UUID, as_tenant: Acting, data: Any) -> None:
    with as_tenant(tenant), db.refused("TK001"):
        db.value(CALL_WITH, "service_started", Jsonb(data))


def test_missing_data_are_refused_and_the_most_accepted(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        with db.refused("TK001"):
            db.value(CALL_WITH, "service_started", None)
        most = {"k": "x" * (8192 - len('{"k": ""}'))}
        assert db.one(READ, db.value(CALL_WITH, "service_started", Jsonb(most)))["data"] == most
        with db.refused("TK001"):
            db.value(CALL_WITH, "service_started", Jsonb({"k": most["k"] + "x"}))


def test_without_a_tenant_it_is_refused(db: Session, as_worker: Acting) -> None:
    with as_worker(), db.refused("TK701"):
        db.value(CALL, "service_started")


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_readers_and_strangers_record_nothing(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.value(CALL, "service_started")


def test_another_tenant_does_not_see_it(
    db: Session, tenant: UUID, other_tenant: UUID, as_tenant: Acting
) -> None:
    with as_tenant(tenant):
        event = db.value(CALL, "service_started")
    with as_tenant(other_tenant):
        assert db.all(READ, event) == []
