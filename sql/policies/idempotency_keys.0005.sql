CREATE POLICY idempotency_keys_tenant_isolation ON ticketing.idempotency_keys
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY idempotency_keys_tenant_select ON ticketing.idempotency_keys
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY idempotency_keys_worker_select ON ticketing.idempotency_keys
    FOR SELECT TO ticketing_worker
    USING (expires_at <= clock_timestamp());
CREATE POLICY idempotency_keys_tenant_insert ON ticketing.idempotency_keys
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY idempotency_keys_tenant_update ON ticketing.idempotency_keys
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY idempotency_keys_worker_update ON ticketing.idempotency_keys
    FOR UPDATE TO ticketing_worker
    USING (expires_at <= clock_timestamp())
    WITH CHECK (FALSE);
CREATE POLICY idempotency_keys_tenant_delete ON ticketing.idempotency_keys
    FOR DELETE TO ticketing_app, ticketing_worker
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND expires_at <= clock_timestamp()
    );
CREATE POLICY idempotency_keys_worker_delete ON ticketing.idempotency_keys
    FOR DELETE TO ticketing_worker
    USING (expires_at <= clock_timestamp());

COMMENT ON POLICY idempotency_keys_tenant_isolation ON ticketing.idempotency_keys IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY idempotency_keys_tenant_select ON ticketing.idempotency_keys IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY idempotency_keys_worker_select ON ticketing.idempotency_keys IS
    'Cross-tenant on purpose, and expired rows alone: the clean-up serves every tenant.';
COMMENT ON POLICY idempotency_keys_tenant_insert ON ticketing.idempotency_keys IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY idempotency_keys_tenant_update ON ticketing.idempotency_keys IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY idempotency_keys_worker_update ON ticketing.idempotency_keys IS
    'Cross-tenant on purpose, and to lock alone: the clean-up locks expired rows before it deletes '
    'them, which row level security counts as an update. No change passes.';
COMMENT ON POLICY idempotency_keys_tenant_delete ON ticketing.idempotency_keys IS
    'A session with a tenant deletes expired rows of that tenant, to use a key anew; a row that '
    'still protects a request stays.';
COMMENT ON POLICY idempotency_keys_worker_delete ON ticketing.idempotency_keys IS
    'Cross-tenant on purpose, and expired rows alone: the clean-up serves every tenant.';
