"""Offers of one ticket to two people, and codes that can be read or guessed."""

from __future__ import annotations

import re
from uuid import UUID

from support.factories import Make
from support.session import Session

from .defect import attempt_to, catalog_of, prove

# Words of columns that would hold a secret as it is.
SECRET = re.compile(r"(acceptance_code|password|secret|auth_token|private_key)$")
GUESSABLE = re.compile(r"\brandom\(\)")
# They spread callers over counters and retries over time, and make no secret.
SPREADS = {
    "choose_hold_bucket()",
    "fail_outbox(p_id uuid, p_token text, p_error text, p_retry_in interval)",
}


def test_18_two_open_transfers_of_one_ticket(db: Session, make: Make, tenant: UUID) -> None:
    ticket = make.held_ticket(tenant)

    def look() -> list[str]:
        return [
            attempt_to(db, lambda: make.id("ticket_transfers", tenant, ticket_id=ticket))
            for _ in range(2)
        ]

    prove(
        db,
        look,
        "DROP INDEX ticketing.uq_ticket_transfers_one_open",
        promised=["done", "23505"],
        broken=["done", "done"],
    )


def test_18_a_code_in_clear_text(db: Session) -> None:
    def look() -> set[str]:
        return {name for name in catalog_of(db)["column"] if SECRET.search(name)}

    prove(
        db,
        look,
        "ALTER TABLE ticketing.ticket_transfers ADD COLUMN acceptance_code text",
        promised=set(),
        broken={"ticket_transfers.acceptance_code"},
    )


def test_18_a_code_that_can_be_guessed(db: Session) -> None:
    def look() -> set[str]:
        catalog = catalog_of(db)
        made = {name: column.get("default", "") for name, column in catalog["column"].items()}
        made |= {name: f["definition"] for name, f in catalog["function"].items()}
        return {name for name, text in made.items() if GUESSABLE.search(text)} - SPREADS

    prove(
        db,
        look,
        "ALTER TABLE ticketing.ticket_transfers "
        "ALTER COLUMN transfer_code SET DEFAULT md5(random()::text)",
        promised=set(),
        broken={"ticket_transfers.transfer_code"},
    )
