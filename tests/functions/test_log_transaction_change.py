"""log_transaction_change: each change of a transaction's status leaves an entry."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import pytest

from support.factories import Make
from support.relay import HEIGHT, LANDED, SLOT, Relay


@pytest.fixture
def relay(make: Make, tenant: UUID) -> Relay:
    return Relay(make, tenant)


@pytest.mark.parametrize(
    ("before", "after", "event", "severity"),
    [
        ("pending", "confirming", "status_changed", "info"),
        ("pending", "confirmed", "transaction_confirmed", "info"),
        ("pending", "failed", "transaction_failed", "error"),
        ("pending", "expired", "transaction_expired", "warning"),
        ("confirming", "confirmed", "transaction_confirmed", "info"),
        ("confirming", "failed", "transaction_failed", "error"),
        ("confirming", "pending", "status_changed", "warning"),
        ("confirming", "expired", "transaction_expired", "warning"),
        ("expired", "confirmed", "transaction_late_landing", "warning"),
        ("expired", "replaced", "transaction_replaced", "info"),
        ("failed", "replaced", "transaction_replaced", "info"),
    ],
)
def test_a_change_is_logged_by_what_it_means(
    relay: Relay, before: str, after: str, event: str, severity: str
) -> None:
    tx = relay.bring(relay.ticket(), before)
    count = len(relay.log(tx))
    if after == "confirming":
        relay.see(tx)
    elif after == "confirmed":
        relay.confirm(tx)
    elif after == "failed":
        relay.fail(tx)
    elif after == "expired":
        relay.miss(tx)
        relay.expire()
    elif after == "pending":
        relay.miss(tx, HEIGHT)
    else:
        relay.replace(tx)
    assert relay.status(tx) == after
    assert relay.log(tx)[count:] == [(event, severity)]
    entry = relay.db.one(
        """
        SELECT db_state ->> 'status_from' AS from, db_state ->> 'status_to' AS to, action_taken
        FROM ticketing.blockchain_sync_log WHERE tx_signature = %s
        ORDER BY created_at DESC LIMIT 1
        """,
        tx,
    )
    assert (entry["from"], entry["to"]) == (before, after)
    assert entry["action_taken"] == f"mint set from {before} to {after}"


def test_an_entry_holds_what_was_known(make: Make, tenant: UUID) -> None:
    relay = Relay(make, tenant, reason="by hand")
    tx = relay.create(relay.ticket(), network="solana-devnet")
    relay.miss(tx, 7, network="solana-devnet")
    relay.confirm(tx, network="solana-devnet")
    row = relay.row(tx)
    entry = make.session.one(
        "SELECT * FROM ticketing.blockchain_sync_log WHERE tx_signature = %s", tx
    )
    assert (entry["tenant_id"], entry["ticket_id"]) == (tenant, row["ticket_id"])
    assert entry["resolution"] is None
    assert entry["db_state"] == {
        "status_from": "pending",
        "status_to": "confirmed",
        "attempt": 1,
        "retry_count": 0,
        "version": row["version"],
    }
    assert datetime.fromisoformat(entry["blockchain_state"].pop("block_time")) == LANDED
    assert entry["blockchain_state"] == {
        "commitment": "finalized",
        "slot": SLOT,
        "not_found_at_height": 7,
        "last_valid_block_height": HEIGHT,
    }
    assert entry["metadata"] == {
        "network": "solana-devnet",
        "transaction_id": str(row["id"]),
        "reason": "by hand",
    }


def test_a_new_row_and_a_change_of_something_else_are_not_logged(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    relay.resend(tx)
    relay.miss(tx, 7)
    assert relay.log(tx) == []


def test_each_row_of_a_statement_has_its_entry(relay: Relay) -> None:
    txs = [relay.create(relay.ticket()) for _ in range(3)]
    for tx in txs[:2]:
        relay.miss(tx)
    relay.expire()
    assert [len(relay.log(tx)) for tx in txs] == [1, 1, 0]


def test_a_direct_update_is_logged_as_well(relay: Relay) -> None:
    tx = relay.create(relay.ticket())
    with relay.acting() as service:
        service.run(
            """
            UPDATE ticketing.pending_transactions
            SET status = 'failed', error_code = 'Custom:1', failed_at = now()
            WHERE tx_signature = %s
            """,
            tx,
        )
    assert relay.log(tx) == [("transaction_failed", "error")]


def test_entries_of_one_transaction_keep_their_order(relay: Relay) -> None:
    tx = relay.bring(relay.ticket(), "confirming")
    relay.miss(tx, HEIGHT)
    relay.see(tx)
    relay.confirm(tx)
    assert [event for event, _ in relay.log(tx)] == ["status_changed"] * 3 + [
        "transaction_confirmed"
    ]
