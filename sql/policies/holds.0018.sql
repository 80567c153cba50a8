CREATE POLICY holds_tenant_isolation ON ticketing.holds
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY holds_tenant_select ON ticketing.holds
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY holds_worker_select ON ticketing.holds
    FOR SELECT TO ticketing_worker
    USING (
        status IN ('active', 'released', 'expired')
        AND expires_at <= clock_timestamp()
    );
CREATE POLICY holds_tenant_insert ON ticketing.holds
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY holds_tenant_update ON ticketing.holds
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY holds_worker_update ON ticketing.holds
    FOR UPDATE TO ticketing_worker
    USING (status = 'active' AND expires_at <= clock_timestamp())
    WITH CHECK (status = 'expired');
CREATE POLICY holds_owner_select ON ticketing.holds
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY holds_owner_update ON ticketing.holds
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY holds_owner_delete ON ticketing.holds
    FOR DELETE TO ticketing_owner
    USING (
        current_user = 'ticketing_owner'
        AND status IN ('released', 'expired')
        AND released_at <= clock_timestamp() - interval '30 days'
    );

COMMENT ON POLICY holds_tenant_isolation ON ticketing.holds IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY holds_tenant_select ON ticketing.holds IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY holds_worker_select ON ticketing.holds IS
    'Cross-tenant on purpose: the expiry sweeper looks for overdue holds of every tenant, and '
    'must still see them once they are expired. Those released are counted for retention.';
COMMENT ON POLICY holds_tenant_insert ON ticketing.holds IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY holds_tenant_update ON ticketing.holds IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY holds_worker_update ON ticketing.holds IS
    'Cross-tenant on purpose, and no more than that: the expiry sweeper turns overdue active holds '
    'of every tenant into expired ones.';
COMMENT ON POLICY holds_owner_select ON ticketing.holds IS
    'Cross-tenant on purpose, for the counter triggers alone: when a zone has no room they expire '
    'its overdue holds, as the owner, and name the tenant of the row that fired them.';
COMMENT ON POLICY holds_owner_update ON ticketing.holds IS
    'Cross-tenant on purpose, for the counter triggers alone: when a zone has no room they expire '
    'its overdue holds, as the owner, and name the tenant of the row that fired them.';
COMMENT ON POLICY holds_owner_delete ON ticketing.holds IS
    'Cross-tenant on purpose, for prune_holds() alone, which runs as the owner. What was '
    'confirmed, and what ended less than 30 days ago, stays whatever that function is asked.';
