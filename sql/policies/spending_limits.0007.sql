CREATE POLICY spending_limits_tenant_isolation ON ticketing.spending_limits
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY spending_limits_tenant_select ON ticketing.spending_limits
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY spending_limits_tenant_insert ON ticketing.spending_limits
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY spending_limits_tenant_update ON ticketing.spending_limits
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY spending_limits_tenant_isolation ON ticketing.spending_limits IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY spending_limits_tenant_select ON ticketing.spending_limits IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY spending_limits_tenant_insert ON ticketing.spending_limits IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY spending_limits_tenant_update ON ticketing.spending_limits IS
    'A session with a tenant changes rows of that tenant; without one, none.';
