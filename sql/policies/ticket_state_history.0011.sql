CREATE POLICY ticket_state_history_tenant_isolation ON ticketing.ticket_state_history
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_state_history_tenant_select ON ticketing.ticket_state_history
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_state_history_owner_select ON ticketing.ticket_state_history
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_state_history_owner_insert ON ticketing.ticket_state_history
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY ticket_state_history_tenant_isolation ON ticketing.ticket_state_history IS
    'The floor: whatever another policy grants, every role touches only rows of the tenant in '
    'app.current_tenant_id.';
COMMENT ON POLICY ticket_state_history_tenant_select ON ticketing.ticket_state_history IS
    'A session with a tenant reads rows of that tenant; without one, none.';
COMMENT ON POLICY ticket_state_history_owner_select ON ticketing.ticket_state_history IS
    'For log_ticket_status_change_manual alone, which runs as the owner and returns the row that '
    'it wrote.';
COMMENT ON POLICY ticket_state_history_owner_insert ON ticketing.ticket_state_history IS
    'For log_ticket_status_change and log_ticket_status_change_manual alone, which run as the '
    'owner: nobody else writes history, so nobody can forge it.';
