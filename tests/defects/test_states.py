"""Statuses that nothing reaches, or that stop what they should allow."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session

from .defect import Rewrite, attempt, attempt_to, prove

if TYPE_CHECKING:
    from conftest import Acting

REACHED = """
    WITH RECURSIVE reached (status) AS (
        SELECT to_status FROM ticketing.state_transitions
        WHERE entity = 'ticket' AND from_status = '*new*'
        UNION
        SELECT t.to_status FROM ticketing.state_transitions AS t
        INNER JOIN reached AS r ON t.from_status = r.status
        WHERE t.entity = 'ticket'
    )
    SELECT status FROM reached
"""
STATUSES = {
    "available",
    "reserved",
    "sold",
    "minted",
    "active",
    "transferred",
    "checked_in",
    "used",
    "revoked",
    "refunded",
    "expired",
    "cancelled",
}
RULES = "FROM ticketing.state_transitions WHERE entity = 'ticket' AND"


def test_15_a_status_that_nothing_reaches(db: Session) -> None:
    def look() -> set[str]:
        return STATUSES - {row["status"] for row in db.all(REACHED)}

    prove(db, look, f"DELETE {RULES} to_status = 'used'", promised=set(), broken={"used"})


def test_15_a_ticket_that_leaves_sold_only_when_it_is_minted(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    make.id("tickets", tenant, status="sold", user_id=make.id("users", tenant))

    def look() -> str:
        with as_tenant(tenant, actor="system"):
            return attempt(db, "UPDATE ticketing.tickets SET status = 'active'")

    prove(
        db,
        look,
        f"DELETE {RULES} from_status = 'sold' AND to_status = 'active'",
        promised="done",
        broken="TK201",
    )


def test_15_nothing_but_a_reservation_expires(db: Session) -> None:
    def look() -> set[str]:
        return {
            row["s"] for row in db.all(f"SELECT from_status AS s {RULES} to_status = 'expired'")
        }

    prove(
        db,
        look,
        f"DELETE {RULES} to_status = 'expired' AND from_status <> 'reserved'",
        promised={"available", "reserved", "sold", "minted", "active", "transferred"},
        broken={"reserved"},
    )


def test_15_an_attendance_that_is_never_counted(db: Session, make: Make, tenant: UUID) -> None:
    person = make.id("users", tenant)
    ticket = make.held_ticket(tenant, person)

    def look() -> int:
        make.advance("tickets", ticket, "checked_in")
        count: int = db.value("SELECT events_attended FROM ticketing.users WHERE id = %s", person)
        return count

    prove(
        db,
        look,
        Rewrite("update_user_events_attended", "IN ('checked_in', 'used')", "IN ('used')"),
        promised=1,
        broken=0,
    )


def test_16_a_transferred_ticket_that_cannot_be_transferred(
    db: Session, make: Make, tenant: UUID
) -> None:
    ticket = make.held_ticket(tenant)
    make.advance("tickets", ticket, "transferred")

    def look() -> str:
        return attempt_to(db, lambda: make.id("ticket_transfers", tenant, ticket_id=ticket))

    prove(
        db,
        look,
        Rewrite(
            "guard_ticket_transfer",
            "WHEN v_ticket.status NOT IN ('active', 'transferred')",
            "WHEN v_ticket.status <> 'active'",
        ),
        promised="done",
        broken="TK206",
    )
