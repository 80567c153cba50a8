"""What departs from a convention on purpose, each with its reason; a stale entry fails."""

from __future__ import annotations

# Tables without a tenant in their primary key.
GLOBAL_TABLES = {
    "alembic_version": "Alembic's own",
    "tenants": "the root of every composite key",
    "state_transitions": "rules, the same for every tenant and written by migrations only",
    "tenant_access_violations": "a row concerns two tenants, perhaps one that does not exist",
    "webhook_nonces": "a webhook proves itself fresh before its tenant is known",
    "account_lockout_events": "a person is locked out before the tenant is known",
    "outbox_cursors": "a consumer reads the events of every tenant in one order",
}

# Tables whose constraints and indexes are named by a shorter word, as they were announced.
SHORT_NAMES = {
    "blockchain_sync_log": "sync_log",
    "pending_transactions": "pending_tx",
    "tenant_access_violations": "tenant_violations",
    "idempotency_keys": "idempotency",
}

# Primary keys of tenant tables that are not (tenant_id, id).
OTHER_KEYS = {
    "ticket_inventory": "one row a type; the epoch starts a new chain of row versions",
    "zone_inventory": "one row a bucket of a zone; the epoch starts a new chain of row versions",
}

# Tenant tables without a foreign key of tenant_id alone.
TENANT_THROUGH_PARENT = {
    "ticket_inventory": "made with its ticket type and deleted with it",
    "zone_inventory": "made with its zone and deleted with it",
}

# Permissive policies without a tenant test: who may do what across tenants, and why.
CROSS_TENANT = {
    **dict.fromkeys(
        [
            f"{table}_worker_{command}"
            for table in ("tenants", "users", "venues", "events", "orders", "payments")
            for command in ("select", "insert", "update")
        ],
        "the consumer that copies other services' rows serves every tenant",
    ),
    "reservations_worker_select": "the sweeper looks for overdue reservations of every tenant",
    "reservations_worker_update": "the sweeper expires overdue reservations of every tenant",
    "holds_worker_select": "the sweeper looks for overdue holds of every tenant",
    "holds_worker_update": "the sweeper expires overdue holds of every tenant",
    **dict.fromkeys(
        [
            f"{table}_worker_{command}"
            for table in (
                "ticket_holds",
                "ticket_transfers",
                "waitlist",
                "multisig_approval_requests",
                "pending_transactions",
            )
            for command in ("select", "update")
        ],
        "the sweeper ends what is overdue, of every tenant, and sees no more",
    ),
    "blockchain_sync_log_worker_insert": "the sweeper's changes are logged by trigger",
    **dict.fromkeys(
        [
            "reservations_owner_select",
            "reservations_owner_delete",
            "reservation_history_owner_select",
            "reservation_history_owner_delete",
            "waitlist_owner_select",
            "ticket_notifications_owner_select",
            "ticket_notifications_owner_delete",
            "holds_owner_delete",
            "account_lockout_events_owner_delete",
            "tenant_access_violations_owner_delete",
        ],
        "reached only by the functions of retention; what may go has a least age in the policy",
    ),
    "reservation_history_worker_insert": "the sweeper's changes are logged by trigger",
    "outbox_worker_select": "the relay drains the events of every tenant",
    "outbox_worker_update": "the relay drains the events of every tenant",
    "outbox_worker_delete": "the relay drains the events of every tenant",
    **dict.fromkeys(
        [f"outbox_cursors_worker_{c}" for c in ("select", "insert", "update", "delete")],
        "not a tenant table; a consumer reads the events of every tenant",
    ),
    "ticket_notifications_worker_select": "the sender delivers messages of every tenant",
    "ticket_notifications_worker_update": "the sender delivers messages of every tenant",
    "tenant_access_violations_worker_select": "not a tenant table; for the platform's auditors",
    "tenant_access_violations_owner_select": "reached only by log_tenant_violation",
    "tenant_access_violations_owner_insert": "reached only by log_tenant_violation",
    **dict.fromkeys(
        [
            "idempotency_keys_worker_select",
            "idempotency_keys_worker_update",
            "idempotency_keys_worker_delete",
        ],
        "the clean-up deletes expired keys of every tenant; nobody changes one",
    ),
    "webhook_nonces_worker_select": "not a tenant table",
    "webhook_nonces_worker_insert": "not a tenant table",
    "webhook_nonces_worker_delete": "not a tenant table",
    "account_lockout_events_worker_select": "not a tenant table; attacks show across tenants",
    "account_lockout_events_owner_select": "reached only by the lockout functions",
    "account_lockout_events_owner_insert": "reached only by the lockout functions",
    **dict.fromkeys(
        [
            "ticket_inventory_owner_select",
            "ticket_inventory_owner_insert",
            "ticket_inventory_owner_update",
            "users_owner_select",
            "users_owner_update",
            "orders_owner_select",
            "orders_owner_insert",
            "holds_owner_select",
            "holds_owner_update",
            "zones_owner_select",
            "zone_inventory_owner_select",
            "zone_inventory_owner_insert",
            "zone_inventory_owner_update",
            "orders_owner_update",
            "payments_owner_select",
            "payments_owner_insert",
            "payments_owner_update",
            "tickets_owner_select",
            "outbox_owner_insert",
            "ticket_state_history_owner_select",
            "ticket_state_history_owner_insert",
            "audit_events_owner_insert",
            "ticket_passes_owner_select",
            "ticket_passes_owner_insert",
            "ticket_passes_owner_update",
            "waitlist_owner_select",
            "waitlist_owner_update",
        ],
        "reached only by functions that run as the owner, which name the tenant of the row that "
        "fired them",
    ),
    **dict.fromkeys(
        [
            "events_owner_select",
            "tenants_owner_select",
            "ticket_scans_owner_insert",
            "ticket_scans_owner_select",
            "ticket_transfers_owner_select",
            "tickets_owner_update",
        ],
        "reached only by record_scan_attempt, the tenants by record_payment too, and events, "
        "transfers and tickets by accept_transfer, complete_transfer, reissue_ticket and the "
        "backfill of codes, which name the tenant of the transaction",
    ),
    **dict.fromkeys(
        [
            "ticket_credentials_owner_select",
            "ticket_credentials_owner_insert",
            "ticket_credentials_owner_update",
        ],
        "reached only by triggers, which name the tenant of the ticket, and by reissue_ticket and "
        "the backfill of codes, which name the tenant of the transaction",
    ),
    "ticket_transfers_owner_update": "reached only by accept_transfer and complete_transfer",
    "pending_transactions_owner_select": "the guard of transfers, when those two fire it",
    "venues_owner_select": "the search asks which venues a user created, and names the tenant",
}

# Tables whose floor does not bind the worker, because a policy above lets it cross.
FLOOR_WITHOUT_WORKER = {
    "tenants": "filled by the consumer of every tenant",
    "users": "filled by the consumer of every tenant",
    "venues": "filled by the consumer of every tenant",
    "events": "filled by the consumer of every tenant",
    "orders": "filled by the consumer of every tenant",
    "payments": "filled by the consumer of every tenant",
    "reservations": "expired by the sweeper of every tenant",
    "reservation_history": "written when the sweeper expires",
    "holds": "expired by the sweeper of every tenant",
    "ticket_holds": "expired by the sweeper of every tenant",
    "ticket_transfers": "expired by the sweeper of every tenant",
    "waitlist": "its offers are expired by the sweeper of every tenant",
    "multisig_approval_requests": "expired by the sweeper of every tenant",
    "pending_transactions": "expired by the sweeper of every tenant",
    "blockchain_sync_log": "written when the sweeper expires",
    "outbox": "drained by the relay of every tenant",
    "ticket_notifications": "delivered by the sender of every tenant",
    "idempotency_keys": "cleaned up for every tenant, once expired",
}

# Functions that run with the rights of ticketing_owner.
SECURITY_DEFINER = {
    "accept_transfer": "a recipient does not see the ticket before it is theirs",
    "backfill_ticket_credentials": "no role may write codes by hand",
    "complete_transfer": "as accept_transfer, which calls it",
    "register_ticket_codes": "no role may write codes by hand",
    "reissue_ticket": "no role may write codes by hand",
    "retire_ticket_code": "no role may write codes by hand",
    "rotate_ticket_code": "a customer's session sees no codes",
    "apply_refund_to_order": "no other role may write orders.refunded_cents",
    "choose_hold_bucket": "no other role may lock counters",
    "lock_order": "no service may lock a copy of an order",
    "apply_refund_to_payment": "no other role may write payments.refunded_cents",
    "create_ticket_inventory": "no other role may insert counters",
    "find_ticket_ids": "no index serves words under row level security",
    "locked_until": "no other role but the worker may read lockouts",
    "log_request_ticket_change": "no role may write events by hand",
    "log_tenant_violation": "no role may write the table by hand",
    "log_ticket_status_change": "no role may write the history by hand",
    "log_ticket_status_change_manual": "no role may write the history by hand",
    "move_hold_inventory": "no other role may write counters",
    "move_house_hold_inventory": "no other role may write counters",
    "open_order": "services do not write copies of orders",
    "open_order_of_hold": "services do not write copies of orders",
    "spread_zone_capacity": "no other role may write counters",
    **dict.fromkeys(
        [
            "prune_access_violations",
            "prune_holds",
            "prune_lockout_events",
            "prune_notifications",
            "prune_reservations",
        ],
        "no other role may delete these rows",
    ),
    "record_payment": "no service may lock an order or write payments",
    "record_scan_attempt": "no other role may write scans",
    "record_failed_attempt": "no other role may write lockouts",
    "record_successful_login": "no other role may write lockouts",
    "record_audit_event": "no role may write events by hand",
    "refresh_event_passes": "events are written by a consumer that works for no tenant",
    "refresh_ticket_passes": "a ticket changes in sessions that may not write passes",
    "release_ticket_availability": "no other role may write counters",
    "unlock_account": "no other role may write lockouts",
    "settle_reservation": "a sweeper without a tenant ends offers with their reservation",
    "update_ticket_availability_on_reservation": "no other role may write counters",
    "update_user_events_attended": "no other role may write a person's counts",
    "update_user_ticket_stats": "no other role may write a person's counts",
}

# Functions that read a session variable themselves.
READS_SETTINGS = {
    "acts_for_tenant": "a helper",
    "current_tenant_id": "a helper",
    "current_user_id": "a helper",
    "require_session_user": "a user who is no uuid must not pass for a service, which has none",
    "current_actor_type": "a helper",
    "status_change_reason": "a helper",
    "status_change_source": "a helper",
}

# Functions that only triggers or other functions call, so nobody is granted EXECUTE.
INTERNAL = {
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

# Functions that pin more than the search path. Those without sequential scans look the counters up
# by their newest epoch, and a scan of a small but busy table would walk its dead versions. Those
# with row_security never raise, and a session that has it off gets an error for a filtered read.
# The search has no statistics of words: a guess must not choose another index, nor compile and
# start workers for a handful of rows. The list of requests has a plan for each set of filters.
# Those with a generic plan look up what is overdue in one zone, or recent of one person: a plan for
# the very moment may think that there is little of it anywhere, and read that of all tenants.
FURTHER_SETTINGS = {
    "choose_hold_bucket": ["enable_seqscan=off", "plan_cache_mode=force_generic_plan"],
    "create_hold": ["enable_seqscan=off"],
    "find_ticket_ids": [
        "enable_seqscan=off",
        "jit=off",
        "max_parallel_workers_per_gather=0",
    ],
    "guard_reservation": ["enable_seqscan=off"],
    "largest_zone_hold": ["enable_seqscan=off", "plan_cache_mode=force_generic_plan"],
    "list_request_tickets": ["plan_cache_mode=force_custom_plan"],
    "lockout_state": ["plan_cache_mode=force_generic_plan"],
    "log_tenant_violation": ["row_security=on"],
    "move_ticket_inventory": ["enable_seqscan=off"],
    "move_zone_inventory": ["enable_seqscan=off", "plan_cache_mode=force_generic_plan"],
    "join_waitlist": ["enable_seqscan=off"],
    "offer_waitlist": ["enable_seqscan=off"],
    "reserve_cart": ["enable_seqscan=off"],
    "verify_tenant_context": ["row_security=on"],
}

# Tables that every role may read whole.
WITHOUT_ROW_SECURITY = {
    "alembic_version": "one row, the revision",
    "state_transitions": "rules, the same for every tenant",
}

# Functions that set a session variable, for the transaction.
SETS_SETTINGS = {
    "act_as": "for functions that act by a rule of the schema",
    "give_reason": "for functions that know why a status changes",
    "clear_tenant_context": "takes the context of the transaction away",
    "import_external_ticket": "tells the history of an import, where the caller says nothing",
    "record_scan_attempt": "tells the history that a door did it, where the caller says nothing",
    "set_tenant_context": "gives the transaction its context, once it is verified",
}

# Functions that read, and so may be STABLE; everything else is VOLATILE.
STABLE = {
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

# Functions that run as the owner and are no triggers: what keeps them inside the tenant.
DEFINERS_CALLED = {
    "accept_transfer": "works in the tenant of the transaction, and names it throughout",
    "backfill_ticket_credentials": "works in the tenant of the transaction, and names it",
    "complete_transfer": "works in the tenant of the transaction, and names it throughout",
    "reissue_ticket": "works in the tenant of the transaction, and names it throughout",
    "find_ticket_ids": "requires a tenant and shows no id outside it",
    "log_tenant_violation": "reads no row of a tenant, and what it writes no tenant may read",
    "log_ticket_status_change_manual": "requires its tenant to be the transaction's",
    **dict.fromkeys(
        [
            "prune_access_violations",
            "prune_holds",
            "prune_lockout_events",
            "prune_notifications",
            "prune_reservations",
        ],
        "for background jobs: deletes what is past its least age, and tells how many",
    ),
    "lock_order": "works in the tenant of the transaction, and a customer finds only their own",
    "open_order": "works in the tenant of the transaction, and names it throughout",
    "record_payment": "works in the tenant of the transaction, and names it throughout",
    "record_scan_attempt": "requires its tenant to be the transaction's, and names it throughout",
    "locked_until": "reads for current_tenant_id() and for the platform, nothing else",
    "record_failed_attempt": "writes for current_tenant_id(), or the platform without one",
    "record_successful_login": "writes for current_tenant_id(), or the platform without one",
    "unlock_account": "writes for current_tenant_id(), or the platform without one",
    "record_audit_event": "writes for the tenant of the transaction alone, and reads nothing",
}

# Policies of the owner that are decided when a query is planned, so that no condition stays in
# front of an index.
DECIDED_WHEN_PLANNED = {
    "tickets_owner_select": "the search for words needs its index",
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
