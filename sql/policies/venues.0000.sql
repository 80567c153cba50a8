CREATE POLICY venues_tenant_isolation ON ticketing.venues
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY venues_tenant_select ON ticketing.venues
    FOR SELECT TO ticketing_app, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY venues_worker_select ON ticketing.venues
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY venues_worker_insert ON ticketing.venues
    FOR INSERT TO ticketing_worker
    WITH CHECK (TRUE);
CREATE POLICY venues_worker_update ON ticketing.venues
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY venues_owner_select ON ticketing.venues
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');

COMMENT ON POLICY venues_tenant_isolation ON ticketing.venues IS
    'The floor: whatever another policy grants, ticketing_app and ticketing_readonly touch only '
    'rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY venues_tenant_select ON ticketing.venues IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY venues_worker_select ON ticketing.venues IS
    'Cross-tenant on purpose: the consumer that copies venues from the venue service serves every'
    ' tenant.';
COMMENT ON POLICY venues_worker_insert ON ticketing.venues IS
    'Cross-tenant on purpose: the consumer that copies venues from the venue service serves every'
    ' tenant.';
COMMENT ON POLICY venues_worker_update ON ticketing.venues IS
    'Cross-tenant on purpose: the consumer that copies venues from the venue service serves every'
    ' tenant.';
COMMENT ON POLICY venues_owner_select ON ticketing.venues IS
    'Cross-tenant on purpose, for find_ticket_ids alone: it runs as the owner and names the tenant '
    'of the transaction.';
