CREATE POLICY tenant_access_violations_worker_select ON ticketing.tenant_access_violations
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY tenant_access_violations_owner_select ON ticketing.tenant_access_violations
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY tenant_access_violations_owner_insert ON ticketing.tenant_access_violations
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY tenant_access_violations_owner_delete ON ticketing.tenant_access_violations
    FOR DELETE TO ticketing_owner
    USING (
        current_user = 'ticketing_owner'
        AND occurred_at <= clock_timestamp() - interval '90 days'
    );

COMMENT ON POLICY tenant_access_violations_worker_select ON ticketing.tenant_access_violations IS
    'Not a tenant table: attempts are for the platform''s auditors, who log in as '
    'ticketing_worker, and for no tenant.';
COMMENT ON POLICY tenant_access_violations_owner_select ON ticketing.tenant_access_violations IS
    'For log_tenant_violation(), which counts the rows of the last hour, and for retention. Both '
    'run as the owner.';
COMMENT ON POLICY tenant_access_violations_owner_insert ON ticketing.tenant_access_violations IS
    'For log_tenant_violation() alone, which runs as the owner; nobody may insert by hand.';
COMMENT ON POLICY tenant_access_violations_owner_delete ON ticketing.tenant_access_violations IS
    'For prune_access_violations() alone, which runs as the owner. Nothing younger than 90 days '
    'leaves.';
