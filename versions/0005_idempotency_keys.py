"""Idempotency keys: a request that is repeated runs once.

What: idempotency_keys with its policies and its guard, and the functions that take a key, mark
    progress, store the answer or give the key back, look an answer up, and clean up.
Why: clients, proxies and payment providers send a request again when they miss the answer, and
    two servers then run it side by side. The unique key decides which one does; a lease with a
    token hands the work of a server that died to another and keeps the first from writing late.
Locks: the new foreign key takes SHARE ROW EXCLUSIVE on tenants for as long as the revision runs,
    well under a second; nothing is scanned or rewritten.
Reverse: drops everything made here; refused while the table holds rows, unless the loss is
    allowed: without them a repeated request runs again.
"""

from ticket_schema import steps

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

STEPS = (
    "tables/idempotency_keys",
    "policies/idempotency_keys",
    "functions/guard_idempotency_key",
    "triggers/idempotency_keys",
    "functions/require_principal",
    "functions/idempotent_request_fault",
    "functions/acquire_idempotency_key",
    "functions/set_idempotency_recovery_point",
    "functions/extend_idempotency_lock",
    "functions/complete_idempotency_key",
    "functions/release_idempotency_lock",
    "functions/find_idempotent_result",
    "functions/record_idempotent_result",
    "functions/cleanup_expired_idempotency_keys",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
