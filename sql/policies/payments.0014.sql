CREATE POLICY payments_tenant_isolation ON ticketing.payments
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY payments_tenant_select ON ticketing.payments
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY payments_worker_select ON ticketing.payments
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY payments_worker_insert ON ticketing.payments
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY payments_worker_update ON ticketing.payments
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY payments_owner_select ON ticketing.payments
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY payments_owner_update ON ticketing.payments
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY payments_owner_insert ON ticketing.payments
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY payments_tenant_isolation ON ticketing.payments IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY payments_tenant_select ON ticketing.payments IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY payments_worker_select ON ticketing.payments IS
    'Cross-tenant on purpose: the consumer that copies payments from the payments service serves '
    'every tenant.';
COMMENT ON POLICY payments_worker_insert ON ticketing.payments IS
    'Cross-tenant on purpose: the consumer that copies payments from the payments service serves '
    'every tenant.';
COMMENT ON POLICY payments_worker_update ON ticketing.payments IS
    'Cross-tenant on purpose: the consumer that copies payments from the payments service serves '
    'every tenant.';
COMMENT ON POLICY payments_owner_select ON ticketing.payments IS
    'Cross-tenant on purpose, for record_payment and the trigger that sums refunds alone: they run '
    'as the owner and name the tenant of the transaction or of the refund.';
COMMENT ON POLICY payments_owner_update ON ticketing.payments IS
    'Cross-tenant on purpose, for record_payment and the trigger that sums refunds alone: they run '
    'as the owner and name the tenant of the transaction or of the refund.';
COMMENT ON POLICY payments_owner_insert ON ticketing.payments IS
    'Cross-tenant on purpose, for record_payment and the trigger that sums refunds alone: they run '
    'as the owner and name the tenant of the transaction or of the refund.';
