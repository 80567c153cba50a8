CREATE POLICY pending_transactions_tenant_isolation ON ticketing.pending_transactions
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pending_transactions_tenant_select ON ticketing.pending_transactions
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pending_transactions_tenant_insert ON ticketing.pending_transactions
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pending_transactions_tenant_update ON ticketing.pending_transactions
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pending_transactions_owner_select ON ticketing.pending_transactions
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY pending_transactions_worker_select ON ticketing.pending_transactions
    FOR SELECT TO ticketing_worker
    USING (
        status IN ('pending', 'confirming', 'expired')
        AND not_found_at_height > last_valid_block_height
    );
CREATE POLICY pending_transactions_worker_update ON ticketing.pending_transactions
    FOR UPDATE TO ticketing_worker
    USING (
        status IN ('pending', 'confirming')
        AND not_found_at_height > last_valid_block_height
    )
    WITH CHECK (status = 'expired');

COMMENT ON POLICY pending_transactions_tenant_isolation ON ticketing.pending_transactions IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY pending_transactions_tenant_select ON ticketing.pending_transactions IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY pending_transactions_tenant_insert ON ticketing.pending_transactions IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY pending_transactions_tenant_update ON ticketing.pending_transactions IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY pending_transactions_owner_select ON ticketing.pending_transactions IS
    'Cross-tenant on purpose, for the guard of transfers when accept_transfer or complete_transfer '
    'fires it: they run as the owner, and the guard names the tenant of the transfer. Without it '
    'the guard would see nothing in flight.';
COMMENT ON POLICY pending_transactions_worker_select ON ticketing.pending_transactions IS
    'Cross-tenant on purpose: the sweeper looks for transactions of every tenant that are proved '
    'dead, and must still see them once they have expired.';
COMMENT ON POLICY pending_transactions_worker_update ON ticketing.pending_transactions IS
    'Cross-tenant on purpose, and no more than that: the sweeper expires transactions of every '
    'tenant that are proved dead.';
