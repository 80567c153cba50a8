CREATE POLICY blockchain_sync_log_tenant_isolation ON ticketing.blockchain_sync_log
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY blockchain_sync_log_tenant_select ON ticketing.blockchain_sync_log
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY blockchain_sync_log_tenant_insert ON ticketing.blockchain_sync_log
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY blockchain_sync_log_worker_insert ON ticketing.blockchain_sync_log
    FOR INSERT TO ticketing_worker
    WITH CHECK (event_type = 'transaction_expired');

COMMENT ON POLICY blockchain_sync_log_tenant_isolation ON ticketing.blockchain_sync_log IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY blockchain_sync_log_tenant_select ON ticketing.blockchain_sync_log IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY blockchain_sync_log_tenant_insert ON ticketing.blockchain_sync_log IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY blockchain_sync_log_worker_insert ON ticketing.blockchain_sync_log IS
    'Cross-tenant on purpose: what the sweeper of transactions does is logged by trigger, for '
    'every tenant.';
