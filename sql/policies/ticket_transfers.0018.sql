CREATE POLICY ticket_transfers_tenant_isolation ON ticketing.ticket_transfers
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
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
CREATE POLICY ticket_transfers_worker_select ON ticketing.ticket_transfers
    FOR SELECT TO ticketing_worker
    USING (status IN ('pending', 'expired') AND expires_at <= clock_timestamp());
CREATE POLICY ticket_transfers_worker_update ON ticketing.ticket_transfers
    FOR UPDATE TO ticketing_worker
    USING (status = 'pending' AND expires_at <= clock_timestamp())
    WITH CHECK (status = 'expired');

COMMENT ON POLICY ticket_transfers_tenant_isolation ON ticketing.ticket_transfers IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
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
COMMENT ON POLICY ticket_transfers_worker_select ON ticketing.ticket_transfers IS
    'Cross-tenant on purpose: the sweeper looks for overdue offers of tickets of every tenant, '
    'and must still see them once they have ended.';
COMMENT ON POLICY ticket_transfers_worker_update ON ticketing.ticket_transfers IS
    'Cross-tenant on purpose, and no more than that: the sweeper ends overdue offers of tickets '
    'of every tenant.';
