CREATE POLICY outbox_tenant_isolation ON ticketing.outbox
    AS RESTRICTIVE FOR ALL TO ticketing_app
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY outbox_tenant_select ON ticketing.outbox
    FOR SELECT TO ticketing_app
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY outbox_worker_select ON ticketing.outbox
    FOR SELECT TO ticketing_worker
    USING (TRUE);
CREATE POLICY outbox_tenant_insert ON ticketing.outbox
    FOR INSERT TO ticketing_app, ticketing_worker
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY outbox_worker_update ON ticketing.outbox
    FOR UPDATE TO ticketing_worker
    USING (TRUE)
    WITH CHECK (TRUE);
CREATE POLICY outbox_owner_insert ON ticketing.outbox
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY outbox_worker_delete ON ticketing.outbox
    FOR DELETE TO ticketing_worker
    USING (TRUE);

COMMENT ON POLICY outbox_tenant_isolation ON ticketing.outbox IS
    'The floor: whatever another policy grants, ticketing_app touches only rows of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY outbox_tenant_select ON ticketing.outbox IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY outbox_worker_select ON ticketing.outbox IS
    'Cross-tenant on purpose: the relay drains the events of every tenant.';
COMMENT ON POLICY outbox_tenant_insert ON ticketing.outbox IS
    'A session with a tenant adds rows of that tenant; without one, none.';
COMMENT ON POLICY outbox_worker_update ON ticketing.outbox IS
    'Cross-tenant on purpose: the relay drains the events of every tenant.';
COMMENT ON POLICY outbox_worker_delete ON ticketing.outbox IS
    'Cross-tenant on purpose: the relay drains the events of every tenant.';
COMMENT ON POLICY outbox_owner_insert ON ticketing.outbox IS
    'Cross-tenant on purpose, for triggers alone that publish what they log: they run as the owner '
    'and take the tenant from the row that fired them.';
