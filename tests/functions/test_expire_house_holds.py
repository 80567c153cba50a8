"""expire_house_holds: what the organiser kept back until a moment is on sale after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "SELECT ticketing.expire_house_holds()"


def test_what_is_left_of_it_goes_on_sale(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    kind = make.ticket_type(tenant, 10)["id"]
    past = datetime.now(UTC) - timedelta(minutes=1)
    hold = make.id("ticket_holds", tenant, ticket_type_id=kind, quantity=4, expires_at=past)
    db.run("UPDATE ticketing.ticket_holds SET remaining_quantity = 3 WHERE id = %s", hold)
    with as_worker():
        assert db.value(EXPIRE) == 1
    after = db.one("SELECT * FROM ticketing.ticket_holds WHERE id = %s", hold)
    assert (after["status"], after["remaining_quantity"]) == ("expired", 0)
    assert after["released_at"] is not None
    counters = "SELECT * FROM ticketing.ticket_inventory WHERE ticket_type_id = %s"
    assert db.one(counters, kind)["held_quantity"] == 0
    assert db.one(counters, kind)["available_quantity"] == 10
    assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_one_without_a_deadline_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    hold = make.id("ticket_holds", tenant)
    with as_worker():
        assert db.value(EXPIRE) == 0
    assert db.value("SELECT status FROM ticketing.ticket_holds WHERE id = %s", hold) == "active"


def test_a_job_does_nothing_else_across_tenants(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    past = datetime.now(UTC) - timedelta(minutes=1)
    make.row("ticket_holds", tenant, expires_at=past)
    alive = make.id("ticket_holds", tenant)
    with as_worker(actor="system"):
        assert alive not in {row["id"] for row in db.all("SELECT id FROM ticketing.ticket_holds")}
        for change in ("status = 'released'", "remaining_quantity = 0"):
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.ticket_holds SET {change}")
