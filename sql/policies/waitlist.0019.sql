CREATE POLICY waitlist_tenant_isolation ON ticketing.waitlist
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY waitlist_tenant_select ON ticketing.waitlist
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY waitlist_tenant_insert ON ticketing.waitlist
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY waitlist_tenant_update ON ticketing.waitlist
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY waitlist_worker_select ON ticketing.waitlist
    FOR SELECT TO ticketing_worker
    USING (
        status IN ('notified', 'expired', 'converted')
        AND offer_expires_at <= clock_timestamp()
    );
CREATE POLICY waitlist_worker_update ON ticketing.waitlist
    FOR UPDATE TO ticketing_worker
    USING (status = 'notified' AND offer_expires_at <= clock_timestamp())
    WITH CHECK (status IN ('expired', 'converted'));
CREATE POLICY waitlist_owner_select ON ticketing.waitlist
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY waitlist_owner_update ON ticketing.waitlist
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY waitlist_tenant_isolation ON ticketing.waitlist IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY waitlist_tenant_select ON ticketing.waitlist IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY waitlist_tenant_insert ON ticketing.waitlist IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY waitlist_tenant_update ON ticketing.waitlist IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY waitlist_worker_select ON ticketing.waitlist IS
    'Cross-tenant on purpose: the sweeper looks for overdue offers of every tenant, and must '
    'still see them once they have ended.';
COMMENT ON POLICY waitlist_worker_update ON ticketing.waitlist IS
    'Cross-tenant on purpose, and no more than that: the sweeper ends overdue offers of every '
    'tenant.';
COMMENT ON POLICY waitlist_owner_select ON ticketing.waitlist IS
    'Cross-tenant on purpose, for prune_reservations(), which keeps a reservation that the '
    'waitlist names, and for the trigger that ends an offer with its reservation: both run as the '
    'owner and name the tenant of the reservation.';
COMMENT ON POLICY waitlist_owner_update ON ticketing.waitlist IS
    'Cross-tenant on purpose, for the trigger alone that ends an offer with its reservation: it '
    'runs as the owner and names the tenant of the reservation that fired it.';
