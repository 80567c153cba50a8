CREATE POLICY events_tenant_isolation ON ticketing.events
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY events_tenant_select ON ticketing.events
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY events_worker_select ON ticketing.events
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY events_worker_insert ON ticketing.events
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY events_worker_update ON ticketing.events
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY events_owner_select ON ticketing.events
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');

COMMENT ON POLICY events_tenant_isolation ON ticketing.events IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY events_tenant_select ON ticketing.events IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY events_worker_select ON ticketing.events IS
    'Cross-tenant on purpose: the consumer that copies events from the event service serves every'
    ' tenant.';
COMMENT ON POLICY events_worker_insert ON ticketing.events IS
    'Cross-tenant on purpose: the consumer that copies events from the event service serves every'
    ' tenant.';
COMMENT ON POLICY events_worker_update ON ticketing.events IS
    'Cross-tenant on purpose: the consumer that copies events from the event service serves every'
    ' tenant.';
COMMENT ON POLICY events_owner_select ON ticketing.events IS
    'Cross-tenant on purpose, for record_scan_attempt alone: it runs as the owner and names the '
    'tenant that the transaction works for.';
