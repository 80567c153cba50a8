CREATE POLICY ticket_bundles_tenant_isolation ON ticketing.ticket_bundles
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_bundles_tenant_select ON ticketing.ticket_bundles
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_bundles_tenant_insert ON ticketing.ticket_bundles
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_bundles_tenant_update ON ticketing.ticket_bundles
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_bundles_tenant_delete ON ticketing.ticket_bundles
    FOR DELETE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY ticket_bundles_tenant_isolation ON ticketing.ticket_bundles IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_bundles_tenant_select ON ticketing.ticket_bundles IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_bundles_tenant_insert ON ticketing.ticket_bundles IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_bundles_tenant_update ON ticketing.ticket_bundles IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_bundles_tenant_delete ON ticketing.ticket_bundles IS
    'A session with a tenant deletes rows of that tenant; without one, none.';
