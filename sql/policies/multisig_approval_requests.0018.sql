CREATE POLICY multisig_approval_requests_tenant_isolation ON ticketing.multisig_approval_requests
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY multisig_approval_requests_tenant_select ON ticketing.multisig_approval_requests
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY multisig_approval_requests_tenant_insert ON ticketing.multisig_approval_requests
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY multisig_approval_requests_tenant_update ON ticketing.multisig_approval_requests
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY multisig_approval_requests_worker_select ON ticketing.multisig_approval_requests
    FOR SELECT TO ticketing_worker
    USING (status IN ('pending', 'approved', 'expired') AND expires_at <= clock_timestamp());
CREATE POLICY multisig_approval_requests_worker_update ON ticketing.multisig_approval_requests
    FOR UPDATE TO ticketing_worker
    USING (status IN ('pending', 'approved') AND expires_at <= clock_timestamp())
    WITH CHECK (status = 'expired');

COMMENT ON POLICY multisig_approval_requests_tenant_isolation
ON ticketing.multisig_approval_requests IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY multisig_approval_requests_tenant_select
ON ticketing.multisig_approval_requests IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY multisig_approval_requests_tenant_insert
ON ticketing.multisig_approval_requests IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY multisig_approval_requests_tenant_update
ON ticketing.multisig_approval_requests IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY multisig_approval_requests_worker_select
ON ticketing.multisig_approval_requests IS
    'Cross-tenant on purpose: the sweeper looks for overdue requests for approval of every '
    'tenant, and must still see them once they have ended.';
COMMENT ON POLICY multisig_approval_requests_worker_update
ON ticketing.multisig_approval_requests IS
    'Cross-tenant on purpose, and no more than that: the sweeper ends overdue requests for '
    'approval of every tenant.';
