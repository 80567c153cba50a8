"""Blockchain tracking: signed transactions and what became of them.

What: pending_transactions, a row per signed transaction with the evidence of what became of it;
    blockchain_sync_log, append-only; the functions through which a relay records, sees, confirms,
    fails, expires and replaces a transaction.
Why: on Solana a transaction that was not seen may still land, and signing anew too early executes
    twice. The row stands before the send, one transaction is open per ticket, expiry needs
    evidence, and what follows from a confirmation happens together with it.
Locks: the new foreign keys take SHARE ROW EXCLUSIVE on tenants, events, tickets and
    ticket_transfers for as long as the revision runs, well under a second; nothing is scanned or
    rewritten.
Reverse: drops everything made here; refused while a table holds rows, unless the loss is allowed.
"""

from ticket_schema import steps

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STEPS = (
    "tables/pending_transactions",
    "policies/pending_transactions",
    "tables/blockchain_sync_log",
    "policies/blockchain_sync_log",
    "triggers/blockchain_sync_log",
    "functions/give_reason",
    "functions/log_transaction_change",
    "triggers/pending_transactions",
    "functions/lock_transaction",
    "functions/has_pending_transaction",
    "functions/get_pending_transaction_status",
    "functions/require_mintable",
    "functions/create_pending_transaction",
    "functions/mark_tx_seen",
    "functions/mark_tx_not_found",
    "functions/confirm_transaction",
    "functions/fail_transaction",
    "functions/expire_transactions",
    "functions/replace_transaction",
    "functions/record_rebroadcast",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
