CREATE POLICY account_lockout_events_worker_select ON ticketing.account_lockout_events
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY account_lockout_events_owner_select ON ticketing.account_lockout_events
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY account_lockout_events_owner_insert ON ticketing.account_lockout_events
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY account_lockout_events_owner_delete ON ticketing.account_lockout_events
    FOR DELETE TO ticketing_owner
    USING (
        current_user = 'ticketing_owner'
        AND created_at <= clock_timestamp() - interval '90 days'
    );

COMMENT ON POLICY account_lockout_events_worker_select ON ticketing.account_lockout_events IS
    'Cross-tenant on purpose: attacks show only across tenants, and some events have none.';
COMMENT ON POLICY account_lockout_events_owner_select ON ticketing.account_lockout_events IS
    'Cross-tenant on purpose, for the lockout functions, which name the tenant of the context or '
    'none, and for retention. All run as the owner.';
COMMENT ON POLICY account_lockout_events_owner_insert ON ticketing.account_lockout_events IS
    'Cross-tenant on purpose, for the lockout functions alone: they run as the owner and name the '
    'tenant of the context, or none.';
COMMENT ON POLICY account_lockout_events_owner_delete ON ticketing.account_lockout_events IS
    'Cross-tenant on purpose, for prune_lockout_events() alone, which runs as the owner. Nothing '
    'younger than 90 days leaves.';
