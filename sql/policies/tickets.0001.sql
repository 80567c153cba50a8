CREATE POLICY tickets_tenant_isolation ON ticketing.tickets
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY tickets_view_own ON ticketing.tickets
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND user_id = (SELECT ticketing.current_user_id())
    );
CREATE POLICY tickets_update_own ON ticketing.tickets
    FOR UPDATE TO ticketing_app
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND user_id = (SELECT ticketing.current_user_id())
    )
    WITH CHECK (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND user_id = (SELECT ticketing.current_user_id())
    );
CREATE POLICY tickets_venue_owner_view ON ticketing.tickets
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        -- A service has no user: it need not build the list to find that nobody owns anything.
        AND (SELECT ticketing.current_user_id()) IS NOT NULL
        AND venue_id IN (
            SELECT v.id
            FROM ticketing.venues AS v
            WHERE
                v.tenant_id = (SELECT ticketing.current_tenant_id())
                AND v.created_by = (SELECT ticketing.current_user_id())
        )
    );
CREATE POLICY tickets_admin_all ON ticketing.tickets
    FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND (SELECT ticketing.acts_for_tenant())
    )
    WITH CHECK (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND (SELECT ticketing.acts_for_tenant())
    );
CREATE POLICY tickets_owner_select ON ticketing.tickets
    FOR SELECT TO ticketing_owner
    USING (ticketing.runs_as_owner());
CREATE POLICY tickets_owner_update ON ticketing.tickets
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY tickets_tenant_isolation ON ticketing.tickets IS
    'The floor: whatever another policy grants, every role touches only tickets of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY tickets_view_own ON ticketing.tickets IS
    'A customer sees the tickets they hold.';
COMMENT ON POLICY tickets_update_own ON ticketing.tickets IS
    'A customer may update the tickets they hold and must still hold them afterwards; which '
    'columns, trigger trg_tickets_10_guard_holder says.';
COMMENT ON POLICY tickets_venue_owner_view ON ticketing.tickets IS
    'A venue owner sees the tickets of the venues they created, in their own tenant. The list of '
    'venues is built once a statement.';
COMMENT ON POLICY tickets_admin_all ON ticketing.tickets IS
    'A session that acts for the tenant, a service or its staff and admins, works with all '
    'tickets of that tenant and of no other; grants say which commands each role has.';
COMMENT ON POLICY tickets_owner_select ON ticketing.tickets IS
    'Cross-tenant on purpose, for functions that run as the owner and name the tenant: the trigger '
    'that counts attended events, record_scan_attempt and find_ticket_ids. Decided when the query '
    'is planned, so that a search may use its index.';
COMMENT ON POLICY tickets_owner_update ON ticketing.tickets IS
    'Cross-tenant on purpose, for record_scan_attempt alone: it runs as the owner and names the '
    'tenant that the transaction works for.';
