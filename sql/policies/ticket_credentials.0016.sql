CREATE POLICY ticket_credentials_tenant_isolation ON ticketing.ticket_credentials
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_credentials_tenant_select ON ticketing.ticket_credentials
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND (SELECT ticketing.acts_for_tenant())
    );
CREATE POLICY ticket_credentials_owner_select ON ticketing.ticket_credentials
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_credentials_owner_insert ON ticketing.ticket_credentials
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');
CREATE POLICY ticket_credentials_owner_update ON ticketing.ticket_credentials
    FOR UPDATE TO ticketing_owner
    USING (current_user = 'ticketing_owner')
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY ticket_credentials_tenant_isolation ON ticketing.ticket_credentials IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_credentials_tenant_select ON ticketing.ticket_credentials IS
    'A session that acts for the tenant reads its codes'' hashes; a customer reads none, not even '
    'of their own tickets.';
COMMENT ON POLICY ticket_credentials_owner_select ON ticketing.ticket_credentials IS
    'Cross-tenant on purpose, for the triggers of tickets, reissue_ticket and '
    'backfill_ticket_credentials alone: they run as the owner and name the tenant of the ticket.';
COMMENT ON POLICY ticket_credentials_owner_insert ON ticketing.ticket_credentials IS
    'For the triggers of tickets, reissue_ticket and backfill_ticket_credentials alone, which run '
    'as the owner: nobody else registers a code, so nobody can forge one.';
COMMENT ON POLICY ticket_credentials_owner_update ON ticketing.ticket_credentials IS
    'For the triggers of tickets and reissue_ticket alone, which run as the owner: nobody else '
    'ends a code, and nobody brings one back.';
