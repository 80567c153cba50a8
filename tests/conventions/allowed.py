"""What departs from a convention on purpose, each with its reason; a stale entry fails."""

from __future__ import annotations

# Tables whose constraints and indexes are named by a shorter word, as they were announced.
SHORT_NAMES = {
    "blockchain_sync_log": "sync_log",
    "pending_transactions": "pending_tx",
    "tenant_access_violations": "tenant_violations",
    "idempotency_keys": "idempotency",
}

# Functions that only triggers or other functions call, so nobody is granted EXECUTE.
INTERNAL = {
    "add_context_key": "for those who migrate",
    "retire_context_key": "for those who migrate",
    "require_context_key": "the command that switches the hardening on asks it",
    "hmac_pad": "part of add_context_key",
    "move_ticket_inventory": "the counters move only together with the rows that they count",
    "move_zone_inventory": "the counters move only together with the holds that they count",
    "runs_as_owner": "a policy of the owner asks, for the owner",
    "add_failed_attempt": "part of record_failed_attempt, which validates",
    "lock_lockout": "part of the lockout functions",
    "lockout_identifier": "part of the lockout functions",
    "lockout_state": "part of the lockout functions; takes any tenant",
}

# Trigger functions that no trigger of this schema calls.
ATTACHED_ELSEWHERE = {
    "sync_replica": "attached by a DBA to the table of another service",
}

# Functions that read, and so may be STABLE; everything else is VOLATILE.
STABLE = {
    "acts_for_tenant": "a helper",
    "current_tenant_id": "a helper",
    "current_user_id": "a helper",
    "current_actor_type": "a helper",
    "require_session_user": "reads the context",
    "status_change_reason": "a helper",
    "status_change_source": "a helper",
    "context_is_signed": "IMMUTABLE: one of two forms, each with its answer",
    "hmac_pad": "IMMUTABLE: computes",
    "require_context_key": "looks for a key",
    "signed_context": "a helper",
    "require_resale_price": "IMMUTABLE: compares its arguments",
    "require_transfer_recipient": "reads",
    "resolve_credential": "looks one row up",
    "approver_role": "looks a user up",
    "authenticate_ticket_pass": "reads one row",
    "check_state_transition": "looks a rule up",
    "find_ticket_ids": "reads",
    "get_pending_transaction_status": "reads one row",
    "has_pending_transaction": "looks for one row",
    "require_mintable": "asks what became of a ticket",
    "get_request_ticket": "reads",
    "get_ticket_state_history": "reads",
    "get_ticket_transfer_history": "reads",
    "list_changed_passes": "reads",
    "list_request_tickets": "reads",
    "require_role_security": "asks who is logged in",
    "idempotent_request_fault": "looks at its arguments alone",
    "largest_zone_hold": "reads",
    "require_principal": "compares its argument with the context",
    "get_spending_status": "sums",
    "is_locked": "asks locked_until",
    "locked_until": "asks lockout_state",
    "lockout_identifier": "computes",
    "lockout_state": "counts",
    "refundable_of_ticket": "reads",
    "require_fresh_snapshot": "looks at the isolation level",
    "require_replica_key": "compares its arguments with the context",
    "require_batch": "IMMUTABLE: looks at its argument alone",
    "require_version": "IMMUTABLE: compares its arguments",
    "require_tenant": "compares its argument with the context",
    "spending_limit_of": "looks limits up",
    "valid_approvals": "counts",
    "require_tenant_context": "looks the tenant up",
    "runs_as_owner": "IMMUTABLE, so that a policy is decided when a query is planned",
    "search_tickets": "reads",
    "tenant_lexemes": "IMMUTABLE, for an index",
    "tenant_query": "IMMUTABLE, as what it is compared with",
    "verify_role_security": "asks who is logged in",
    "verify_tenant_context": "looks the tenant up",
}

# Names that the design gives without the table's.
OTHER_NAMES = {
    "chk_per_tx_limit_positive",
    "chk_daily_limit_positive",
    "chk_weekly_limit_positive",
    "chk_monthly_limit_positive",
    "chk_limits_hierarchy",
    "chk_spending_amount_positive",
    "chk_spending_type",
    "uq_spending_tx_reference",
    "uq_spending_tx_reversal",
    "idx_spending_tx_user_date",
    "chk_lockout_identifier",
    "chk_lockout_identifier_type",
    "chk_lockout_event_type",
    "chk_lockout_count",
    "chk_lockout_locked",
    "idx_lockout_events_identifier",
    "idx_lockout_events_window",
    "chk_multisig_status_valid",
    "chk_required_approvals",
    "chk_multisig_executed",
    "chk_multisig_decided",
    "chk_multisig_expiry",
    "idx_multisig_requests_status",
}
