CREATE POLICY ticket_types_tenant_isolation ON ticketing.ticket_types
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_types_tenant_select ON ticketing.ticket_types
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_types_tenant_insert ON ticketing.ticket_types
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_types_tenant_update ON ticketing.ticket_types
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY ticket_types_tenant_isolation ON ticketing.ticket_types IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_types_tenant_select ON ticketing.ticket_types IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_types_tenant_insert ON ticketing.ticket_types IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_types_tenant_update ON ticketing.ticket_types IS
    'A session with a tenant changes rows of that tenant; without one, none.';
