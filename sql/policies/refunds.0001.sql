CREATE POLICY refunds_tenant_isolation ON ticketing.refunds
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY refunds_tenant_select ON ticketing.refunds
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY refunds_tenant_insert ON ticketing.refunds
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY refunds_tenant_update ON ticketing.refunds
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY refunds_tenant_isolation ON ticketing.refunds IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY refunds_tenant_select ON ticketing.refunds IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY refunds_tenant_insert ON ticketing.refunds IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY refunds_tenant_update ON ticketing.refunds IS
    'A session with a tenant changes rows of that tenant; without one, none.';
