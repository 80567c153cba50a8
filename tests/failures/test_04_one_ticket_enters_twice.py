"""Failure 4: one ticket enters twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from defects.defect import Act, Race, Rewrite, value
from support.races import race as callers

SCAN = """
    SELECT result FROM ticketing.record_scan_attempt(
        %s, %s, %s, p_device_id => %s, p_client_nonce => %s
    )
"""
ATTEMPTS = "SELECT result FROM ticketing.ticket_scans WHERE ticket_id = %s ORDER BY created_at"
# The doors do not wait for one another, and the index does not count entries.
UNGUARDED = (
    Rewrite(
        "record_scan_attempt",
        "WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id FOR NO KEY UPDATE;",
        "WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id;",
    ),
    "DROP INDEX ticketing.uq_ticket_scans_first_entry",
)


def at_the_door(race: Race) -> tuple[UUID, UUID]:
    """Returns a ticket and its event, which lets people in."""
    make, tenant = race.make, race.tenant
    soon = datetime.now(UTC) + timedelta(hours=1)
    event = make.id("events", tenant, starts_at=soon, ends_at=soon + timedelta(hours=3))
    person = make.id("users", tenant)
    return make.id("tickets", tenant, event_id=event, user_id=person, status="active"), event


def scan(race: Race, ticket: UUID, event: UUID, gate: str) -> Act:
    """Returns a gate that scans a ticket, or sends the same scan again."""
    return value(SCAN, race.tenant, ticket, event, gate, f"scan of {ticket}")


def attempts(race: Race, ticket: UUID) -> list[str]:
    """Returns what is recorded of a ticket."""
    return [row["result"] for row in race.db.all(ATTEMPTS, ticket)]


def test_two_gates_scan_it_at_once(race: Race) -> None:
    def look() -> object:
        ticket, event = at_the_door(race)
        race.run(scan(race, ticket, event, "north"), scan(race, ticket, event, "south"))
        return attempts(race, ticket)

    race.prove(look, *UNGUARDED, promised=["valid", "duplicate"], broken=["valid", "valid"])


def test_twenty_gates_scan_it_at_once(race: Race) -> None:
    ticket, event = at_the_door(race)
    race.db.connection.commit()
    got = callers(
        race.target,
        "ts_test_app",
        20,
        lambda gate, number: scan(race, ticket, event, f"gate {number}")(gate),
        tenant=race.tenant,
    )
    assert sorted(map(str, got)) == ["duplicate"] * 19 + ["valid"]
    assert sorted(attempts(race, ticket)) == ["duplicate"] * 19 + ["valid"]


def test_a_gate_that_missed_its_answer_asks_again(race: Race) -> None:
    def look() -> object:
        ticket, event = at_the_door(race)
        again = scan(race, ticket, event, "north")
        race.die(again)
        before = attempts(race, ticket)
        # The first of these is committed, but say that its answer was lost on the way.
        return before, race.alone(again), race.alone(again), attempts(race, ticket)

    race.prove(
        look,
        "DROP INDEX ticketing.uq_ticket_scans_client_nonce",
        "CREATE UNIQUE INDEX ON ticketing.ticket_scans (tenant_id, device_id, client_nonce, id)"
        " WHERE client_nonce IS NOT NULL",
        Rewrite("record_scan_attempt", "IF p_client_nonce IS NOT NULL THEN", "IF FALSE THEN"),
        Rewrite(
            "record_scan_attempt",
            "ON CONFLICT (tenant_id, device_id, client_nonce) WHERE client_nonce IS NOT NULL"
            " DO NOTHING",
            "",
        ),
        promised=([], "valid", "valid", ["valid"]),
        broken=([], "valid", "duplicate", ["valid", "duplicate"]),
    )
