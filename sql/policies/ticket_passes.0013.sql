CREATE POLICY ticket_passes_tenant_isolation ON ticketing.ticket_passes
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_passes_tenant_select ON ticketing.ticket_passes
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_passes_tenant_insert ON ticketing.ticket_passes
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_passes_tenant_update ON ticketing.ticket_passes
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_passes_owner_select ON ticketing.ticket_passes
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_passes_owner_insert ON ticketing.ticket_passes
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY ticket_passes_owner_update ON ticketing.ticket_passes
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY ticket_passes_tenant_isolation ON ticketing.ticket_passes IS
    'The floor: whatever another policy grants, every role touches only rows of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY ticket_passes_tenant_select ON ticketing.ticket_passes IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_passes_tenant_insert ON ticketing.ticket_passes IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_passes_tenant_update ON ticketing.ticket_passes IS
    'A session with a tenant changes rows of that tenant and cannot move them to another; a '
    'worker too works for one tenant at a time.';
COMMENT ON POLICY ticket_passes_owner_select ON ticketing.ticket_passes IS
    'Cross-tenant on purpose, for triggers alone that find the passes of a ticket or an event that '
    'changed: they run as the owner and name the tenant of the row that fired them.';
COMMENT ON POLICY ticket_passes_owner_insert ON ticketing.ticket_passes IS
    'Cross-tenant on purpose, for triggers alone that give the new holder of a ticket a pass: '
    'they run as the owner and name the tenant of the row that fired them.';
COMMENT ON POLICY ticket_passes_owner_update ON ticketing.ticket_passes IS
    'Cross-tenant on purpose, for triggers alone that void passes or let them be built anew: they '
    'run as the owner and name the tenant of the row that fired them.';
