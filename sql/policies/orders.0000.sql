CREATE POLICY orders_tenant_isolation ON ticketing.orders
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY orders_tenant_select ON ticketing.orders
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY orders_worker_select ON ticketing.orders
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY orders_worker_insert ON ticketing.orders
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY orders_worker_update ON ticketing.orders
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY orders_owner_select ON ticketing.orders
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY orders_owner_update ON ticketing.orders
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY orders_tenant_isolation ON ticketing.orders IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY orders_tenant_select ON ticketing.orders IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY orders_worker_select ON ticketing.orders IS
    'Cross-tenant on purpose: the consumer that copies orders from the order service serves every'
    ' tenant.';
COMMENT ON POLICY orders_worker_insert ON ticketing.orders IS
    'Cross-tenant on purpose: the consumer that copies orders from the order service serves every'
    ' tenant.';
COMMENT ON POLICY orders_worker_update ON ticketing.orders IS
    'Cross-tenant on purpose: the consumer that copies orders from the order service serves every'
    ' tenant.';
COMMENT ON POLICY orders_owner_select ON ticketing.orders IS
    'Cross-tenant on purpose, for the trigger that sums refunds and for record_payment alone: they '
    'run as the owner and name the tenant of the refund or of the transaction.';
COMMENT ON POLICY orders_owner_update ON ticketing.orders IS
    'Cross-tenant on purpose, for the trigger that sums refunds and for record_payment alone: they '
    'run as the owner and name the tenant of the refund or of the transaction.';
