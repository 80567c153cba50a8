CREATE POLICY audit_events_tenant_isolation ON ticketing.audit_events
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY audit_events_tenant_select ON ticketing.audit_events
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY audit_events_owner_insert ON ticketing.audit_events
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY audit_events_tenant_isolation ON ticketing.audit_events IS
    'The floor: whatever another policy grants, every role touches only rows of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY audit_events_tenant_select ON ticketing.audit_events IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY audit_events_owner_insert ON ticketing.audit_events IS
    'For log_request_ticket_change and record_audit_event alone, which run as the owner: nobody '
    'else writes events, so nobody can forge one.';
