"""Payments, and copies of other services' rows that no old message undoes.

What: payments with its state machine and record_payment; refunds count at the payment that they
    name; one apply_ function for each table that other services own, apply_replica for rows at hand
    as JSON, and sync_replica for an owner in the same database; require_version and lock_version,
    by which a writer says what it has read; expire_unpaid_orders.
Why: messages come twice and out of order, and an upsert that overwrites lets the older one win. A
    webhook and the answer to the same call must make one payment, whichever is first. A writer who
    decided on an old row must learn of it.
Locks: SHARE ROW EXCLUSIVE on tenants and orders while the foreign keys to them are made, and on
    refunds for its triggers; the new table is empty and nothing is scanned.
Reverse: drops payments, refused while it holds rows, and the functions; no other table changes.
"""

from ticket_schema import steps

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STEPS = (
    "tables/payments",
    "transitions/payment",
    "policies/payments",
    "triggers/payments",
    "functions/record_payment",
    "functions/apply_refund_to_payment",
    "functions/refuse_refund_move",
    "triggers/refunds",
    "functions/require_version",
    "functions/lock_version",
    "functions/require_replica_key",
    "functions/apply_tenant",
    "functions/apply_user",
    "functions/apply_venue",
    "functions/apply_event",
    "functions/apply_order",
    "functions/apply_payment",
    "functions/apply_replica",
    "functions/sync_replica",
    "functions/expire_unpaid_orders",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
