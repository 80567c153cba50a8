"""outbox_debezium: events under the names that Debezium's router expects."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

READ = "SELECT * FROM ticketing.outbox_debezium"


@pytest.mark.parametrize("role", ["ticketing_app", "ticketing_worker"])
def test_an_event_has_the_names_of_the_router(
    db: Session, make: Make, tenant: UUID, role: str
) -> None:
    event = make.row(
        "outbox", tenant, payload={"a": 1}, headers={"traceparent": "00"}, event_version=2
    )
    with db.acting(role, tenant=tenant):
        row = db.one(READ)
    assert row == {
        "id": event["id"],
        "aggregatetype": "ticket",
        "aggregateid": event["aggregate_id"],
        "type": "ticket.sold",
        "payload": {"a": 1},
        "headers": {"traceparent": "00"},
        "version": 2,
        "timestamp": event["created_at"],
        "tenantid": tenant,
        "seq": event["seq"],
    }


def test_a_service_sees_its_tenant_and_the_relay_all(
    db: Session, make: Make, tenant: UUID, *, other_tenant: UUID, as_tenant: Acting
) -> None:
    for owner in (tenant, other_tenant):
        make.row("outbox", owner)
    with as_tenant(tenant):
        assert [row["tenantid"] for row in db.all(READ)] == [tenant]
    with db.acting("ticketing_app"):
        assert db.all(READ) == []
    with db.acting("ticketing_worker"):
        assert {row["tenantid"] for row in db.all(READ)} == {tenant, other_tenant}


@pytest.mark.parametrize("role", ["ticketing_readonly", "ts_test_nobody"])
def test_nobody_else_may_read_it(db: Session, tenant: UUID, role: str) -> None:
    with db.acting(role, tenant=tenant), db.refused("42501"):
        db.all(READ)
