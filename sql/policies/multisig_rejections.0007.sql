CREATE POLICY multisig_rejections_tenant_isolation ON ticketing.multisig_rejections
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY multisig_rejections_tenant_select ON ticketing.multisig_rejections
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY multisig_rejections_tenant_insert ON ticketing.multisig_rejections
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY multisig_rejections_tenant_isolation ON ticketing.multisig_rejections IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY multisig_rejections_tenant_select ON ticketing.multisig_rejections IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY multisig_rejections_tenant_insert ON ticketing.multisig_rejections IS
    'A session with a tenant adds rows of that tenant; without one, none.';
