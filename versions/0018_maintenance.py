"""Maintenance: sweepers for every clock, retention by age, and what waits for either.

What: expire_reservations, expire_house_holds, expire_transfers, expire_offers and
    expire_approval_requests, which work as expire_holds does and share its new body: a row that
    cannot expire no longer keeps the others from it. expire_transactions serves every tenant.
    consume_webhook_nonce, and the job that deletes expired nonces. prune_… functions delete rows
    that nothing needs any more, by age. maintenance_backlog shows what waits. The worker's
    policies reach overdue rows of every tenant, the owner's rows past a least age, and no others.
Why: guards refuse what is late without any job, but until a job comes by the tickets of an
    overdue reservation are not on sale, a ticket with a lapsed offer is not admitted, and logs
    fill the disk.
Locks: ACCESS EXCLUSIVE on twelve tables while their policies are replaced, for as long as the
    revision runs, well under a second. Nothing is scanned or rewritten.
Reverse: drops the functions and the view and puts the policies back; deletes and changes no row.
"""

from ticket_schema import steps

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

STEPS = (
    "policies/reservations",
    "policies/reservation_history",
    "policies/ticket_holds",
    "policies/ticket_transfers",
    "policies/waitlist",
    "policies/holds",
    "policies/pending_transactions",
    "policies/blockchain_sync_log",
    "policies/multisig_approval_requests",
    "policies/ticket_notifications",
    "policies/account_lockout_events",
    "policies/tenant_access_violations",
    "functions/require_batch",
    "functions/expire_overdue",
    "functions/expire_reservations",
    "functions/expire_offers",
    "functions/expire_holds",
    "functions/expire_house_holds",
    "functions/expire_transfers",
    "functions/expire_approval_requests",
    "functions/expire_transactions",
    "functions/consume_webhook_nonce",
    "functions/cleanup_expired_webhook_nonces",
    "functions/retention_cutoff",
    "functions/prune_outbox",
    "functions/prune_notifications",
    "functions/prune_reservations",
    "functions/prune_holds",
    "functions/prune_lockout_events",
    "functions/prune_access_violations",
    "views/maintenance_backlog",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
