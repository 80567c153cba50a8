"""expire_offers: an offer lapses together with the reservation behind it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from support.databases import Database
from support.factories import Make, Row
from support.session import Session
from support.sweeps import MINUTE, offer, warnings

if TYPE_CHECKING:
    from conftest import Acting

# It ends an offer with its reservation; offers from before it was there need the sweeper.
SETTLE = "20_settle"
EXPIRE = "SELECT ticketing.expire_offers()"
HOUR = timedelta(hours=1)


def both(db: Session, row: UUID) -> tuple[str, str]:
    """Returns the statuses of an offer and of its reservation."""
    found = db.one(
        """
        SELECT w.status, r.status AS behind
        FROM ticketing.waitlist AS w
        INNER JOIN ticketing.reservations AS r
            ON w.tenant_id = r.tenant_id AND w.reservation_id = r.id
        WHERE w.id = %s
        """,
        row,
    )
    return found["status"], found["behind"]


def inventory(db: Session, row: UUID) -> Row:
    """Returns the counters of the ticket type of an offer."""
    return db.one(
        """
        SELECT i.* FROM ticketing.ticket_inventory AS i
        INNER JOIN ticketing.waitlist AS w ON i.ticket_type_id = w.ticket_type_id
        WHERE w.id = %s
        """,
        row,
    )


def reservation_of(db: Session, row: UUID) -> UUID:
    found: UUID = db.value("SELECT reservation_id FROM ticketing.waitlist WHERE id = %s", row)
    return found


def test_the_reservation_goes_with_it_and_its_tickets_are_on_sale(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = offer(make, tenant, MINUTE)
    assert inventory(db, row)["reserved_quantity"] == 1
    with as_worker():
        assert db.value(EXPIRE) == 1
    assert both(db, row) == ("expired", "expired")
    assert inventory(db, row)["reserved_quantity"] == 0
    assert db.all("SELECT * FROM ticketing.ticket_inventory_drift") == []


def test_while_the_reservation_may_be_confirmed_the_offer_stays(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = offer(make, tenant, MINUTE)
    longer = (
        "UPDATE ticketing.reservations SET expires_at = now() + interval '1 hour' WHERE id = %s"
    )
    with db.unguarded("reservations", "10_guard"):
        db.run(longer, reservation_of(db, row))
    with warnings(db) as heard:
        for context in ({}, {"tenant": tenant}):  # with one, row security lets it through
            with as_worker(**context):
                assert db.value(EXPIRE) == 0
    assert heard == []
    assert both(db, row) == ("notified", "pending")


def test_while_the_offer_lasts_its_end_waits(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    row = offer(make, tenant, MINUTE)
    longer = "UPDATE ticketing.waitlist SET offer_expires_at = now() + interval '1h' WHERE id = %s"
    db.run(longer, row)
    with db.unguarded("reservations", SETTLE), as_worker():
        assert db.value("SELECT ticketing.expire_reservations()") == 1
        assert db.value(EXPIRE) == 0
    assert both(db, row) == ("notified", "expired")


@pytest.mark.parametrize(
    ("behind", "after"),
    [("expired", "expired"), ("cancelled", "expired"), ("confirmed", "converted")],
)
def test_what_became_of_the_reservation_decides(
    db: Session, make: Make, tenant: UUID, *, as_worker: Acting, behind: str, after: str
) -> None:
    row = offer(make, tenant, -HOUR if behind != "expired" else MINUTE)
    reservation = reservation_of(db, row)
    if behind == "confirmed":
        order = make.id("orders", tenant)
        db.run("UPDATE ticketing.reservations SET order_id = %s WHERE id = %s", order, reservation)
    with db.unguarded("reservations", SETTLE):
        make.advance("reservations", reservation, behind)
    lapse = """
        UPDATE ticketing.waitlist
        SET
            notified_at = now() - interval '1 hour',
            offer_expires_at = now() - interval '1 minute'
        WHERE id = %s
    """
    db.run(lapse, row)
    with as_worker():
        assert db.value(EXPIRE) == 1
    assert both(db, row) == (after, behind)


def test_a_reservation_that_cannot_end_keeps_its_offer_and_no_other(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    stuck, sound = (offer(make, tenant, MINUTE) for _ in range(2))
    lose = "UPDATE ticketing.ticket_inventory SET reserved_quantity = 0 WHERE ticket_type_id = %s"
    db.run(lose, inventory(db, stuck)["ticket_type_id"])
    with as_worker(), warnings(db) as heard:
        assert db.value(EXPIRE) == 1
    assert both(db, stuck) == ("notified", "pending")
    assert both(db, sound) == ("expired", "expired")
    assert [(said.code, str(stuck) in said.message) for said in heard] == [("TK042", True)]
    assert heard[0].detail == "SQLSTATE TK107"


@pytest.mark.parametrize("table", ["waitlist", "reservations"])
def test_neither_ends_while_somebody_has_one_of_them(clone: Database, table: str) -> None:
    with psycopg.connect(clone.superuser_url) as connection:
        make = Make(Session(connection))
        row = offer(make, make.tenant(), MINUTE)
        held: Any = row if table == "waitlist" else reservation_of(make.session, row)
    lock = f"SELECT FROM ticketing.{table} WHERE id = %s FOR UPDATE"
    with (
        psycopg.connect(clone.superuser_url) as other,
        clone.connect("ts_test_worker") as connection,
    ):
        job = Session(connection)
        job.run("SET lock_timeout = '2s'")
        with other.transaction():
            other.execute(lock.encode(), [held])
            assert job.value(EXPIRE) == 0
            connection.commit()
            assert both(Session(other), row) == ("notified", "pending")
        assert job.value(EXPIRE) == 1
        connection.commit()
        assert both(Session(other), row) == ("expired", "expired")


def test_a_job_does_nothing_else_across_tenants(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    offer(make, tenant, MINUTE)
    waiting = make.id("waitlist", tenant)
    with as_worker(actor="system", reason="swept"):
        assert waiting not in {row["id"] for row in db.all("SELECT id FROM ticketing.waitlist")}
        for change in ("status = 'active'", "status = 'cancelled'", "priority = 9"):
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.waitlist SET {change}")
