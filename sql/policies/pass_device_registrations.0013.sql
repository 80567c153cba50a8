CREATE POLICY pass_device_registrations_tenant_isolation ON ticketing.pass_device_registrations
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pass_device_registrations_tenant_select ON ticketing.pass_device_registrations
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pass_device_registrations_tenant_insert ON ticketing.pass_device_registrations
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pass_device_registrations_tenant_update ON ticketing.pass_device_registrations
    FOR UPDATE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY pass_device_registrations_tenant_delete ON ticketing.pass_device_registrations
    FOR DELETE TO ticketing_app, ticketing_worker
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));

COMMENT ON POLICY pass_device_registrations_tenant_isolation
ON ticketing.pass_device_registrations IS
    'The floor: whatever another policy grants, every role touches only rows of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY pass_device_registrations_tenant_select ON ticketing.pass_device_registrations IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY pass_device_registrations_tenant_insert ON ticketing.pass_device_registrations IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY pass_device_registrations_tenant_update ON ticketing.pass_device_registrations IS
    'A session with a tenant changes rows of that tenant and cannot move them to another; a '
    'worker too works for one tenant at a time.';
COMMENT ON POLICY pass_device_registrations_tenant_delete ON ticketing.pass_device_registrations IS
    'A session with a tenant deletes rows of that tenant; without one, none.';
