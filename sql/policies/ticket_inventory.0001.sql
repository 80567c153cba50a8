CREATE POLICY ticket_inventory_tenant_isolation ON ticketing.ticket_inventory
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_inventory_tenant_select ON ticketing.ticket_inventory
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_inventory_tenant_update ON ticketing.ticket_inventory
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_inventory_owner_select ON ticketing.ticket_inventory
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_inventory_owner_insert ON ticketing.ticket_inventory
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY ticket_inventory_owner_update ON ticketing.ticket_inventory
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY ticket_inventory_tenant_isolation ON ticketing.ticket_inventory IS
    'The floor: whatever another policy grants, every role touches only counters of the tenant in'
    ' app.current_tenant_id.';
COMMENT ON POLICY ticket_inventory_tenant_select ON ticketing.ticket_inventory IS
    'A session with a tenant reads the counters of that tenant; without one, none.';
COMMENT ON POLICY ticket_inventory_tenant_update ON ticketing.ticket_inventory IS
    'A session with a tenant may set the total quantity of a type; the counters are granted to '
    'nobody.';
COMMENT ON POLICY ticket_inventory_owner_select ON ticketing.ticket_inventory IS
    'Cross-tenant on purpose, for the counter triggers alone: they run as the owner, also for a '
    'sweeper without a tenant, and name the tenant of the row that fired them.';
COMMENT ON POLICY ticket_inventory_owner_insert ON ticketing.ticket_inventory IS
    'Cross-tenant on purpose, for the counter triggers alone: they run as the owner, also for a '
    'sweeper without a tenant, and name the tenant of the row that fired them.';
COMMENT ON POLICY ticket_inventory_owner_update ON ticketing.ticket_inventory IS
    'Cross-tenant on purpose, for the counter triggers alone: they run as the owner, also for a '
    'sweeper without a tenant, and name the tenant of the row that fired them.';
