"""Wallet passes, as a worker handles them: claimed, built, delivered."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from .factories import Row
from .session import Session

TYPE = "pass.org.example.ticket"
TOKEN = "ab" * 32
READ = "SELECT * FROM ticketing.ticket_passes WHERE id = %s"
OF_TICKET = (
    "SELECT * FROM ticketing.ticket_passes WHERE ticket_id = %s ORDER BY created_at, channel"
)
RUN_OUT = "UPDATE ticketing.ticket_passes SET claimed_until = clock_timestamp() WHERE id = %s"


def _given(given: dict[str, Any]) -> tuple[str, list[Any]]:
    values = [Jsonb(value) if isinstance(value, dict) else value for value in given.values()]
    return "".join(f", p_{name} => %s" for name in given), values


def claimed(db: Session, worker: str | None = "w1", **given: Any) -> list[Row]:
    """Returns the passes that a worker is given."""
    names, values = _given(given)
    return db.all(f"SELECT * FROM ticketing.claim_ticket_passes(%s{names})", worker, *values)


def claim(db: Session, worker: str = "w1", **given: Any) -> Row:
    """Returns the only pass that a worker is given."""
    (row,) = claimed(db, worker, **given)
    return row


def produce(db: Session, row: Row, **given: Any) -> str:
    """Says that a claimed pass is built, and returns the answer."""
    given = {"pass_type_id": TYPE, "auth_token_hash": TOKEN, **given}
    return _mark(db, "mark_ticket_pass_produced", row, given)


def send(db: Session, row: Row, **given: Any) -> str:
    """Says that a claimed pass is delivered, and returns the answer."""
    return _mark(db, "mark_ticket_pass_sent", row, given)


def fail(db: Session, row: Row, error: str | None = "the signer is away", **given: Any) -> str:
    """Says that a claimed pass failed, and returns the answer."""
    return _mark(db, "fail_ticket_pass", row, {"error": error, **given})


def _mark(db: Session, function: str, row: Row, given: dict[str, Any]) -> str:
    names, values = _given(given)
    answer: str = db.value(
        f"SELECT ticketing.{function}(%s, %s, %s{names})",
        *(row["id"], row["claim_number"], row["pass_version"], *values),
    )
    return answer


def bring(db: Session, tenant: UUID, row: Row | UUID, status: str) -> Row:
    """Takes the only due pass of a tenant to a status as its workers do, and returns it.

    Args:
        db: the superuser's session.
        tenant: the tenant of the pass.
        row: the pass or its id.
        status: claimed, produced, sending or sent.
    """
    made: UUID = row["id"] if isinstance(row, dict) else row
    with db.acting("ticketing_worker", tenant=tenant):
        one = claim(db)
        assert one["id"] == made
        if status != "claimed":
            assert produce(db, one) == "produced"
        if status in ("sending", "sent"):
            one = claim(db, step="send")
        if status == "sent":
            assert send(db, one) == "sent"
    return db.one(READ, made)
