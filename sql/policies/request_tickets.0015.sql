CREATE POLICY request_tickets_tenant_isolation ON ticketing.request_tickets
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY request_tickets_tenant_select ON ticketing.request_tickets
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY request_tickets_tenant_insert ON ticketing.request_tickets
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY request_tickets_tenant_update ON ticketing.request_tickets
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY request_tickets_tenant_isolation ON ticketing.request_tickets IS
    'The floor: whatever another policy grants, every role touches only rows of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY request_tickets_tenant_select ON ticketing.request_tickets IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY request_tickets_tenant_insert ON ticketing.request_tickets IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY request_tickets_tenant_update ON ticketing.request_tickets IS
    'A session with a tenant changes rows of that tenant and cannot move them to another; a worker '
    'too claims for one tenant at a time.';
