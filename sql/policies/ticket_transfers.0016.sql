CREATE POLICY ticket_transfers_tenant_isolation ON ticketing.ticket_transfers
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_transfers_tenant_select ON ticketing.ticket_transfers
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_transfers_tenant_insert ON ticketing.ticket_transfers
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_transfers_tenant_update ON ticketing.ticket_transfers
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_transfers_owner_select ON ticketing.ticket_transfers
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_transfers_owner_update ON ticketing.ticket_transfers
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY ticket_transfers_tenant_isolation ON ticketing.ticket_transfers IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_transfers_tenant_select ON ticketing.ticket_transfers IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_transfers_tenant_insert ON ticketing.ticket_transfers IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_transfers_tenant_update ON ticketing.ticket_transfers IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_transfers_owner_select ON ticketing.ticket_transfers IS
    'Cross-tenant on purpose, for record_scan_attempt, accept_transfer and complete_transfer '
    'alone: they run as the owner and name the tenant that the transaction works for.';
COMMENT ON POLICY ticket_transfers_owner_update ON ticketing.ticket_transfers IS
    'Cross-tenant on purpose, for accept_transfer and complete_transfer alone: they run as the '
    'owner and name the tenant that the transaction works for.';
