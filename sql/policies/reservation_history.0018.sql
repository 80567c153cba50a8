CREATE POLICY reservation_history_tenant_isolation ON ticketing.reservation_history
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservation_history_tenant_select ON ticketing.reservation_history
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservation_history_tenant_insert ON ticketing.reservation_history
    FOR INSERT TO ticketing_app
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservation_history_worker_insert ON ticketing.reservation_history
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY reservation_history_owner_select ON ticketing.reservation_history
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY reservation_history_owner_delete ON ticketing.reservation_history
    FOR DELETE TO ticketing_owner
    USING (
        current_user = 'ticketing_owner'
        AND created_at <= clock_timestamp() - interval '30 days'
    );

COMMENT ON POLICY reservation_history_tenant_isolation ON ticketing.reservation_history IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY reservation_history_tenant_select ON ticketing.reservation_history IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY reservation_history_tenant_insert ON ticketing.reservation_history IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY reservation_history_worker_insert ON ticketing.reservation_history IS
    'Cross-tenant on purpose: the trigger writes history for the sweeper, which has no tenant '
    'context.';
COMMENT ON POLICY reservation_history_owner_select ON ticketing.reservation_history IS
    'Cross-tenant on purpose, for prune_reservations() alone, which runs as the owner.';
COMMENT ON POLICY reservation_history_owner_delete ON ticketing.reservation_history IS
    'Cross-tenant on purpose, for prune_reservations() alone, which runs as the owner. Nothing '
    'younger than 30 days leaves.';
