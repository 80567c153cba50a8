CREATE POLICY tenants_tenant_isolation ON ticketing.tenants
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY tenants_tenant_select ON ticketing.tenants
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY tenants_worker_select ON ticketing.tenants
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY tenants_worker_insert ON ticketing.tenants
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY tenants_worker_update ON ticketing.tenants
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY tenants_owner_select ON ticketing.tenants
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');

COMMENT ON POLICY tenants_tenant_isolation ON ticketing.tenants IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY tenants_tenant_select ON ticketing.tenants IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY tenants_worker_select ON ticketing.tenants IS
    'Cross-tenant on purpose: the consumer that copies tenants from the auth service serves every'
    ' tenant.';
COMMENT ON POLICY tenants_worker_insert ON ticketing.tenants IS
    'Cross-tenant on purpose: the consumer that copies tenants from the auth service serves every'
    ' tenant.';
COMMENT ON POLICY tenants_worker_update ON ticketing.tenants IS
    'Cross-tenant on purpose: the consumer that copies tenants from the auth service serves every'
    ' tenant.';
COMMENT ON POLICY tenants_owner_select ON ticketing.tenants IS
    'Cross-tenant on purpose, for record_scan_attempt and record_payment alone: they run as the '
    'owner and name the tenant that the transaction works for.';
