"""expire_transfers: an offer that nobody accepted in time lets its ticket go."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make, overdue
from support.session import Session

if TYPE_CHECKING:
    from conftest import Acting

EXPIRE = "SELECT ticketing.expire_transfers()"
STATUS = "SELECT status FROM ticketing.ticket_transfers WHERE id = %s"


def test_the_ticket_may_be_offered_again(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    ticket = make.held_ticket(tenant)
    late = make.id("ticket_transfers", tenant, ticket_id=ticket, **overdue())
    with db.refused("23505", "uq_ticket_transfers_one_open"):
        make.row("ticket_transfers", tenant, ticket_id=ticket)
    with as_worker():
        assert db.value(EXPIRE) == 1
    assert db.value(STATUS, late) == "expired"
    make.row("ticket_transfers", tenant, ticket_id=ticket)


def test_the_ticket_may_be_used_again(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    ticket = make.held_ticket(tenant)
    make.row("ticket_transfers", tenant, ticket_id=ticket, **overdue())
    check_in = "UPDATE ticketing.tickets SET status = 'checked_in' WHERE id = %s"
    with db.refused("TK208"):
        db.run(check_in, ticket)
    with as_worker():
        assert db.value(EXPIRE) == 1
    assert db.run(check_in, ticket) == 1


def test_an_accepted_one_waits_for_the_chain(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    times = overdue()
    accepted = make.id(
        "ticket_transfers",
        tenant,
        status="accepted",
        to_user_id=make.id("users", tenant),
        accepted_at=times["created_at"],
        **times,
    )
    with as_worker():
        assert db.value(EXPIRE) == 0
    assert db.value(STATUS, accepted) == "accepted"


def test_a_job_does_nothing_else_across_tenants(
    db: Session, make: Make, tenant: UUID, as_worker: Acting
) -> None:
    make.row("ticket_transfers", tenant, **overdue())
    alive = make.id("ticket_transfers", tenant)
    with as_worker(actor="system", reason="swept"):
        seen = {row["id"] for row in db.all("SELECT id FROM ticketing.ticket_transfers")}
        assert alive not in seen
        assert len(seen) == 1
        for change in ("status = 'cancelled'", "message = 'gone'"):
            with db.refused("42501"):
                db.run(f"UPDATE ticketing.ticket_transfers SET {change}")
