"""Transactions of the chain whose end could be overwritten, mistaken or made up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from support.factories import Make
from support.session import Session

from .defect import Rewrite, attempt, prove

if TYPE_CHECKING:
    from conftest import Acting

SIGNATURE = "5" * 88
HASH = "4" * 44
HEIGHT, SLOT = 1000, 5000
CREATE = """
    SELECT ticketing.create_pending_transaction(
        %s, %s, 'burn', %s, NULL, NULL, NULL, %s, %s
    )
"""
SEEN = "SELECT ticketing.mark_tx_seen(%s, 'confirmed', %s, p_error_code => %s)"
CONFIRM = "SELECT ticketing.confirm_transaction(%s, %s, clock_timestamp())"
FAIL = "SELECT ticketing.fail_transaction(%s, 'Custom:1', 'it did not work', p_slot => %s)"
STATUS = "SELECT status FROM ticketing.pending_transactions WHERE tx_signature = %s"

NO_STATE_MACHINE = (
    "ALTER TABLE ticketing.pending_transactions "
    "DISABLE TRIGGER trg_pending_transactions_05_change_status"
)
CONFIRMED_WITH_AN_ERROR = (
    "ALTER TABLE ticketing.pending_transactions DROP CONSTRAINT chk_pending_tx_confirmed"
)
IN_SPITE_OF_AN_ERROR = Rewrite(
    "confirm_transaction", "WHEN v_tx.error_code IS NOT NULL", "WHEN FALSE"
)


@pytest.fixture(autouse=True)
def transaction(db: Session, make: Make, tenant: UUID, as_tenant: Acting) -> None:
    ticket = make.held_ticket(tenant)
    with as_tenant(tenant):
        db.all(CREATE, tenant, SIGNATURE, ticket, HASH, HEIGHT)


def status(db: Session) -> Any:
    return db.value(STATUS, SIGNATURE)


def test_06_a_confirmed_transaction_that_fails_afterwards(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> tuple[str, str]:
        with as_tenant(tenant):
            db.all(CONFIRM, SIGNATURE, SLOT)
            return attempt(db, FAIL, SIGNATURE, SLOT), status(db)

    prove(
        db,
        look,
        NO_STATE_MACHINE,
        Rewrite(
            "fail_transaction",
            "WHEN v_tx.status NOT IN ('pending', 'confirming') THEN",
            "WHEN FALSE THEN",
        ),
        promised=("TK507", "confirmed"),
        broken=("done", "failed"),
    )


def test_06_a_failed_transaction_that_is_confirmed_afterwards(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> tuple[str, str]:
        with as_tenant(tenant):
            db.all(FAIL, SIGNATURE, SLOT)
            return attempt(db, CONFIRM, SIGNATURE, SLOT), status(db)

    prove(
        db,
        look,
        NO_STATE_MACHINE,
        CONFIRMED_WITH_AN_ERROR,
        IN_SPITE_OF_AN_ERROR,
        Rewrite(
            "confirm_transaction",
            "WHEN v_tx.status IN ('failed', 'replaced') THEN",
            "WHEN FALSE THEN",
        ),
        promised=("TK505", "failed"),
        broken=("done", "confirmed"),
    )


@pytest.mark.parametrize("final", [True, False], ids=["without-the-state-machine", "with-it"])
def test_06_a_final_status_that_a_statement_changes(
    db: Session, tenant: UUID, as_tenant: Acting, *, final: bool
) -> None:
    def look() -> str:
        with as_tenant(tenant, actor="system"):
            db.all(CONFIRM, SIGNATURE, SLOT)
            return attempt(
                db,
                "UPDATE ticketing.pending_transactions "
                "SET status = 'failed', error_code = 'x', failed_at = now()",
            )

    rules = "DELETE FROM ticketing.state_transitions WHERE from_status = 'confirmed'"
    free = (
        "INSERT INTO ticketing.state_transitions (entity, from_status, to_status, description) "
        "VALUES ('pending_transaction', 'confirmed', 'failed', 'back')"
    )
    defect = (NO_STATE_MACHINE,) if final else (rules, free)
    prove(db, look, *defect, promised="TK201", broken="done")


def test_07_a_failed_transaction_that_is_confirmed_because_it_is_final(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> tuple[str, str]:
        with as_tenant(tenant):
            db.all(SEEN, SIGNATURE, SLOT, "InstructionError")
            return attempt(db, CONFIRM, SIGNATURE, SLOT), status(db)

    prove(
        db,
        look,
        IN_SPITE_OF_AN_ERROR,
        CONFIRMED_WITH_AN_ERROR,
        promised=("TK505", "confirming"),
        broken=("done", "confirmed"),
    )


def test_07_a_second_line_stands_behind_the_function(
    db: Session, tenant: UUID, as_tenant: Acting
) -> None:
    def look() -> str:
        with as_tenant(tenant):
            db.all(SEEN, SIGNATURE, SLOT, "InstructionError")
            return attempt(db, CONFIRM, SIGNATURE, SLOT)

    prove(db, look, IN_SPITE_OF_AN_ERROR, promised="TK505", broken="23514")


@pytest.mark.parametrize("before", ["pending", "confirming"])
def test_08_a_transaction_that_expires_by_height_alone(
    db: Session, tenant: UUID, as_tenant: Acting, before: str
) -> None:
    def look() -> tuple[int, str]:
        with as_tenant(tenant):
            if before == "confirming":
                db.all(SEEN, SIGNATURE, SLOT, None)
            return db.value("SELECT ticketing.expire_transactions()"), status(db)

    prove(
        db,
        look,
        Rewrite(
            "expire_transactions",
            "AND t.not_found_at_height > t.last_valid_block_height",
            f"AND t.last_valid_block_height < {HEIGHT + 1}",
        ),
        "ALTER TABLE ticketing.pending_transactions DROP CONSTRAINT chk_pending_tx_expired",
        promised=(0, before),
        broken=(1, "expired"),
    )


def test_08_a_second_mint_while_the_first_may_still_land(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    ticket = make.held_ticket(tenant)

    def look() -> list[str]:
        with as_tenant(tenant):
            return [
                attempt(db, CREATE.replace("burn", "mint"), tenant, tx, ticket, HASH, HEIGHT)
                for tx in ("6" * 88, "7" * 88)
            ]

    prove(
        db,
        look,
        "DROP INDEX ticketing.uq_pending_tx_one_open_per_ticket",
        Rewrite(
            "create_pending_transaction", "ticketing.has_pending_transaction(p_ticket_id)", "FALSE"
        ),
        promised=["done", "TK501"],
        broken=["done", "done"],
    )
