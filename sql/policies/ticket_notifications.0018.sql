CREATE POLICY ticket_notifications_tenant_isolation ON ticketing.ticket_notifications
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_notifications_tenant_select ON ticketing.ticket_notifications
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_notifications_worker_select ON ticketing.ticket_notifications
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY ticket_notifications_tenant_insert ON ticketing.ticket_notifications
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_notifications_tenant_update ON ticketing.ticket_notifications
    FOR UPDATE TO ticketing_app
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_notifications_worker_update ON ticketing.ticket_notifications
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY ticket_notifications_owner_select ON ticketing.ticket_notifications
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_notifications_owner_delete ON ticketing.ticket_notifications
    FOR DELETE TO ticketing_owner
    USING (
        current_user = 'ticketing_owner'
        AND status IN ('sent', 'failed')
        AND updated_at <= clock_timestamp() - interval '30 days'
    );

COMMENT ON POLICY ticket_notifications_tenant_isolation ON ticketing.ticket_notifications IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_notifications_tenant_select ON ticketing.ticket_notifications IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_notifications_worker_select ON ticketing.ticket_notifications IS
    'Cross-tenant on purpose: the sender delivers the messages of every tenant.';
COMMENT ON POLICY ticket_notifications_tenant_insert ON ticketing.ticket_notifications IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_notifications_tenant_update ON ticketing.ticket_notifications IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_notifications_worker_update ON ticketing.ticket_notifications IS
    'Cross-tenant on purpose: the sender delivers the messages of every tenant.';
COMMENT ON POLICY ticket_notifications_owner_select ON ticketing.ticket_notifications IS
    'Cross-tenant on purpose, for prune_notifications() alone, which runs as the owner.';
COMMENT ON POLICY ticket_notifications_owner_delete ON ticketing.ticket_notifications IS
    'Cross-tenant on purpose, for prune_notifications() alone, which runs as the owner. What '
    'waits, and what was touched in the last 30 days, stays whatever that function is asked.';
