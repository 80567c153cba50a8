"""A past that dies, has gaps, or has no order."""

from __future__ import annotations

from uuid import UUID

from support.factories import Make
from support.session import Session

from .defect import attempt, prove

# What ON DELETE RESTRICT answers: the second one from PostgreSQL 18 on.
RESTRICTED = ("23503", "23001")

RECORDS = ("ticket_state_history", "ticket_scans", "ticket_audit_log", "pending_transactions")


def dying_with_the_ticket(table: str) -> list[str]:
    """Returns the statements that let the rows of a table go with their ticket."""
    cascade = (
        f"ALTER TABLE ticketing.{table} ADD CONSTRAINT back FOREIGN KEY (tenant_id, ticket_id) "
        "REFERENCES ticketing.tickets (tenant_id, id) ON DELETE CASCADE"
    )
    if table == "ticket_audit_log":  # refers to what it is about without a foreign key
        return [cascade]
    return [f"ALTER TABLE ticketing.{table} DROP CONSTRAINT fk_{table}_ticket_id", cascade]


def test_14_records_that_die_with_the_ticket(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.held_ticket(tenant)
    for table in RECORDS:
        if table != "ticket_state_history":  # its row came with the ticket
            make.id(table, tenant, ticket_id=ticket)

    def look() -> tuple[bool, list[int]]:
        said = attempt(db, "DELETE FROM ticketing.tickets WHERE id = %s", ticket)
        assert said in (*RESTRICTED, "done")
        count = "SELECT count(*) FROM ticketing.{} WHERE ticket_id = %s"
        return said in RESTRICTED, [db.value(count.format(table), ticket) for table in RECORDS]

    prove(
        db,
        look,
        *[statement for table in RECORDS for statement in dying_with_the_ticket(table)],
        promised=(True, [1, 1, 1, 1]),
        broken=(False, [0, 0, 0, 0]),
    )


def test_14_an_audit_row_outlives_its_ticket(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.held_ticket(tenant)
    make.id("ticket_audit_log", tenant, ticket_id=ticket)

    def look() -> int:
        with db.unguarded("ticket_state_history", "refuse_change"):
            db.run("DELETE FROM ticketing.ticket_state_history")
        db.run("DELETE FROM ticketing.tickets WHERE id = %s", ticket)
        left: int = db.value("SELECT count(*) FROM ticketing.ticket_audit_log")
        return left

    prove(db, look, *dying_with_the_ticket("ticket_audit_log"), promised=1, broken=0)


def test_24_a_creation_that_is_not_logged(db: Session, make: Make, tenant: UUID) -> None:
    def look() -> list[tuple[str | None, str]]:
        ticket = make.held_ticket(tenant)
        make.advance("tickets", ticket, "checked_in")
        rows = db.all(
            "SELECT previous_status, new_status FROM ticketing.ticket_state_history "
            "WHERE ticket_id = %s ORDER BY seq",
            ticket,
        )
        return [(row["previous_status"], row["new_status"]) for row in rows]

    prove(
        db,
        look,
        "DROP TRIGGER trg_tickets_50_log_insert ON ticketing.tickets",
        promised=[(None, "active"), ("active", "checked_in")],
        broken=[("active", "checked_in")],
    )


def test_24_changes_of_one_transaction_that_have_no_order(
    db: Session, make: Make, tenant: UUID
) -> None:
    def look() -> int:
        ticket = make.held_ticket(tenant)
        make.advance("tickets", ticket, "checked_in", "active", "checked_in")
        places: int = db.value(
            "SELECT count(DISTINCT (changed_at, seq)) "
            "FROM ticketing.ticket_state_history WHERE ticket_id = %s",
            ticket,
        )
        return places

    prove(
        db,
        look,
        "ALTER TABLE ticketing.ticket_state_history ALTER COLUMN changed_at SET DEFAULT now()",
        "ALTER TABLE ticketing.ticket_state_history ALTER COLUMN seq DROP IDENTITY",
        "ALTER TABLE ticketing.ticket_state_history ALTER COLUMN seq SET DEFAULT 0",
        promised=4,
        broken=1,
    )


def test_24_the_order_that_a_reader_gets(db: Session, make: Make, tenant: UUID) -> None:
    # Even if the clock stands still, seq says which change was the later one.
    still = "ALTER TABLE ticketing.ticket_state_history ALTER COLUMN changed_at SET DEFAULT now()"
    db.run(still)

    def look() -> list[str]:
        ticket = make.held_ticket(tenant)
        make.advance("tickets", ticket, "checked_in", "active", "transferred")
        with db.acting("ticketing_app", tenant=tenant):
            rows = db.all("SELECT * FROM ticketing.get_ticket_state_history(%s)", ticket)
        return [row["new_status"] for row in rows]

    promised = ["transferred", "active", "checked_in", "active"]
    prove(
        db,
        look,
        "ALTER TABLE ticketing.ticket_state_history ALTER COLUMN seq SET INCREMENT -1 "
        "SET MINVALUE -100 SET MAXVALUE 100 RESTART WITH 50",
        promised=promised,
        broken=promised[::-1],
    )
