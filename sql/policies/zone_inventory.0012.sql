CREATE POLICY zone_inventory_tenant_isolation ON ticketing.zone_inventory
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY zone_inventory_tenant_select ON ticketing.zone_inventory
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY zone_inventory_owner_select ON ticketing.zone_inventory
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY zone_inventory_owner_insert ON ticketing.zone_inventory
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY zone_inventory_owner_update ON ticketing.zone_inventory
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY zone_inventory_tenant_isolation ON ticketing.zone_inventory IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY zone_inventory_tenant_select ON ticketing.zone_inventory IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY zone_inventory_owner_select ON ticketing.zone_inventory IS
    'Cross-tenant on purpose, for the counter triggers alone: they run as the owner, also for a '
    'sweeper without a tenant, and name the tenant of the row that fired them.';
COMMENT ON POLICY zone_inventory_owner_insert ON ticketing.zone_inventory IS
    'Cross-tenant on purpose, for the counter triggers alone: they run as the owner, also for a '
    'sweeper without a tenant, and name the tenant of the row that fired them.';
COMMENT ON POLICY zone_inventory_owner_update ON ticketing.zone_inventory IS
    'Cross-tenant on purpose, for the counter triggers alone: they run as the owner, also for a '
    'sweeper without a tenant, and name the tenant of the row that fired them.';
