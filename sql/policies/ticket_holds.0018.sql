CREATE POLICY ticket_holds_tenant_isolation ON ticketing.ticket_holds
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_holds_tenant_select ON ticketing.ticket_holds
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_holds_tenant_insert ON ticketing.ticket_holds
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_holds_tenant_update ON ticketing.ticket_holds
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_holds_worker_select ON ticketing.ticket_holds
    FOR SELECT TO ticketing_worker
    USING (status IN ('active', 'expired') AND expires_at <= clock_timestamp());
CREATE POLICY ticket_holds_worker_update ON ticketing.ticket_holds
    FOR UPDATE TO ticketing_worker
    USING (status = 'active' AND expires_at <= clock_timestamp())
    WITH CHECK (status = 'expired');

COMMENT ON POLICY ticket_holds_tenant_isolation ON ticketing.ticket_holds IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_holds_tenant_select ON ticketing.ticket_holds IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_holds_tenant_insert ON ticketing.ticket_holds IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_holds_tenant_update ON ticketing.ticket_holds IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_holds_worker_select ON ticketing.ticket_holds IS
    'Cross-tenant on purpose: the sweeper looks for overdue house holds of every tenant, and must '
    'still see them once they have ended.';
COMMENT ON POLICY ticket_holds_worker_update ON ticketing.ticket_holds IS
    'Cross-tenant on purpose, and no more than that: the sweeper ends overdue house holds of '
    'every tenant.';
