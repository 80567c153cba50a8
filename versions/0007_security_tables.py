"""Security tables: spending limits, lockouts and approvals by several people.

What: spending_limits and the ledger spending_transactions; account_lockout_events; requests of
    operations that several people approve, with their votes and state machine; the functions that
    decide: check_and_record_spending, record_failed_attempt, approve_request and those around them.
Why: a limit that is read in one call and booked in the next is passed by two buyers at once, a
    count without a lock never reaches its threshold, and the last two votes overlook each other.
    Here each decision and its record are one call, under the lock of what it counts.
Locks: none on existing tables but SHARE ROW EXCLUSIVE on tenants and users while the foreign keys
    to them are made; the new tables are empty and nothing is scanned.
Reverse: drops the tables, refused while they hold rows; no other table changes.
"""

from ticket_schema import steps

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

STEPS = (
    "tables/spending_limits",
    "tables/spending_transactions",
    "tables/account_lockout_events",
    "tables/multisig_approval_requests",
    "tables/multisig_approvals",
    "tables/multisig_rejections",
    "transitions/multisig_request",
    "policies/spending_limits",
    "policies/spending_transactions",
    "policies/account_lockout_events",
    "policies/multisig_approval_requests",
    "policies/multisig_approvals",
    "policies/multisig_rejections",
    "functions/require_fresh_snapshot",
    "functions/spending_limit_of",
    "functions/guard_spending_limit",
    "functions/guard_spending_reversal",
    "functions/get_spending_status",
    "functions/check_and_record_spending",
    "functions/reverse_spending",
    "functions/lockout_identifier",
    "functions/lock_lockout",
    "functions/lockout_state",
    "functions/locked_until",
    "functions/is_locked",
    "functions/add_failed_attempt",
    "functions/record_failed_attempt",
    "functions/record_successful_login",
    "functions/unlock_account",
    "functions/require_session_user",
    "functions/approver_role",
    "functions/valid_approvals",
    "functions/guard_multisig_request",
    "functions/guard_multisig_vote",
    "functions/count_multisig_approval",
    "functions/count_multisig_rejection",
    "functions/create_approval_request",
    "functions/lock_approval_request",
    "functions/approve_request",
    "functions/reject_request",
    "functions/execute_request",
    "triggers/spending_limits",
    "triggers/spending_transactions",
    "triggers/account_lockout_events",
    "triggers/multisig_approval_requests",
    "triggers/multisig_approvals",
    "triggers/multisig_rejections",
)


def upgrade() -> None:
    steps.apply(revision, STEPS)


def downgrade() -> None:
    steps.revert(revision, STEPS)
