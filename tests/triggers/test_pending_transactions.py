"""Triggers of pending_transactions: the rules first, then the version, then the log."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from support.factories import Make
from support.session import Session
from support.triggers import in_order

if TYPE_CHECKING:
    from conftest import Acting

CHANGE = "UPDATE ticketing.pending_transactions SET retry_count = retry_count + 1 WHERE id = %s"
LOGGED = "SELECT count(*) FROM ticketing.blockchain_sync_log"


def test_they_fire_in_the_order_of_their_names_and_the_log_comes_last(db: Session) -> None:
    assert in_order(db, "pending_transactions") == [
        ("BEFORE", "INSERT", "ROW", "trg_pending_transactions_05_start_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_pending_transactions_05_change_status"),
        ("BEFORE", "UPDATE", "ROW", "trg_pending_transactions_90_raise_version"),
        ("AFTER", "UPDATE", "STATEMENT", "trg_pending_transactions_10_log_update"),
    ]


def test_a_change_against_the_rules_is_refused_before_it_is_logged(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("pending_transactions", tenant)
    replace = "UPDATE ticketing.pending_transactions SET status = 'replaced' WHERE id = %s"
    with as_tenant(tenant), db.refused("TK201"):
        db.run(replace, row)
    # The owner of the tables goes by the same rules.
    with db.refused("TK201"):
        db.run(replace, row)
    assert db.value(LOGGED) == 0


def test_a_statement_that_changes_no_status_logs_nothing(
    db: Session, make: Make, tenant: UUID, as_tenant: Acting
) -> None:
    row = make.id("pending_transactions", tenant)
    with as_tenant(tenant):
        assert db.run(CHANGE, row) == 1
        assert db.run(CHANGE, tenant) == 0
        db.run("UPDATE ticketing.pending_transactions SET status = status WHERE id = %s", row)
    assert db.value(LOGGED) == 0
