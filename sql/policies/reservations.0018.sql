CREATE POLICY reservations_tenant_isolation ON ticketing.reservations
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservations_tenant_select ON ticketing.reservations
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservations_worker_select ON ticketing.reservations
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY reservations_tenant_insert ON ticketing.reservations
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservations_tenant_update ON ticketing.reservations
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY reservations_worker_update ON ticketing.reservations
    FOR UPDATE TO ticketing_worker
    USING (status = 'pending' AND expires_at <= clock_timestamp())
    WITH CHECK (status = 'expired');
CREATE POLICY reservations_owner_select ON ticketing.reservations
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY reservations_owner_delete ON ticketing.reservations
    FOR DELETE TO ticketing_owner
    USING (
        current_user = 'ticketing_owner'
        AND status IN ('expired', 'cancelled')
        AND order_id IS NULL
        AND released_at <= clock_timestamp() - interval '30 days'
    );

COMMENT ON POLICY reservations_tenant_isolation ON ticketing.reservations IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY reservations_tenant_select ON ticketing.reservations IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY reservations_worker_select ON ticketing.reservations IS
    'Cross-tenant on purpose: the expiry sweeper releases overdue reservations of every tenant.';
COMMENT ON POLICY reservations_tenant_insert ON ticketing.reservations IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY reservations_tenant_update ON ticketing.reservations IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY reservations_worker_update ON ticketing.reservations IS
    'Cross-tenant on purpose, and no more than that: the expiry sweeper turns overdue pending '
    'reservations of every tenant into expired ones.';
COMMENT ON POLICY reservations_owner_select ON ticketing.reservations IS
    'Cross-tenant on purpose, for prune_reservations() alone, which runs as the owner.';
COMMENT ON POLICY reservations_owner_delete ON ticketing.reservations IS
    'Cross-tenant on purpose, for prune_reservations() alone, which runs as the owner. What was '
    'bought, and what ended less than 30 days ago, stays whatever that function is asked.';
