CREATE POLICY zones_tenant_isolation ON ticketing.zones
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY zones_tenant_select ON ticketing.zones
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY zones_tenant_insert ON ticketing.zones
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY zones_tenant_update ON ticketing.zones
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY zones_owner_select ON ticketing.zones
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');

COMMENT ON POLICY zones_tenant_isolation ON ticketing.zones IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY zones_tenant_select ON ticketing.zones IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY zones_tenant_insert ON ticketing.zones IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY zones_tenant_update ON ticketing.zones IS
    'A session with a tenant changes rows of that tenant; without one, none.';
COMMENT ON POLICY zones_owner_select ON ticketing.zones IS
    'Cross-tenant on purpose, for triggers of holds alone: as the owner they ask how many buckets '
    'a zone has, and name the tenant of the row that fired them.';
