CREATE POLICY users_tenant_isolation ON ticketing.users
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY users_tenant_select ON ticketing.users
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY users_worker_select ON ticketing.users
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY users_worker_insert ON ticketing.users
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY users_worker_update ON ticketing.users
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY users_owner_select ON ticketing.users
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY users_owner_update ON ticketing.users
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY users_tenant_isolation ON ticketing.users IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY users_tenant_select ON ticketing.users IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY users_worker_select ON ticketing.users IS
    'Cross-tenant on purpose: the consumer that copies users from the auth service serves every '
    'tenant.';
COMMENT ON POLICY users_worker_insert ON ticketing.users IS
    'Cross-tenant on purpose: the consumer that copies users from the auth service serves every '
    'tenant.';
COMMENT ON POLICY users_worker_update ON ticketing.users IS
    'Cross-tenant on purpose: the consumer that copies users from the auth service serves every '
    'tenant.';
COMMENT ON POLICY users_owner_select ON ticketing.users IS
    'Cross-tenant on purpose, for the triggers that keep a person''s counts alone: they run as '
    'the owner and name the tenant of the ticket that fired them.';
COMMENT ON POLICY users_owner_update ON ticketing.users IS
    'Cross-tenant on purpose, for the triggers that keep a person''s counts alone: they run as '
    'the owner and name the tenant of the ticket that fired them.';
