CREATE POLICY ticket_scans_tenant_isolation ON ticketing.ticket_scans
    AS RESTRICTIVE FOR ALL TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (tenant_id = (SELECT ticketing.current_tenant_id()))
    WITH CHECK (tenant_id = (SELECT ticketing.current_tenant_id()));
CREATE POLICY ticket_scans_tenant_select ON ticketing.ticket_scans
    FOR SELECT TO ticketing_app, ticketing_worker, ticketing_readonly
    USING (
        tenant_id = (SELECT ticketing.current_tenant_id())
        AND (SELECT ticketing.acts_for_tenant())
    );
CREATE POLICY ticket_scans_owner_select ON ticketing.ticket_scans
    FOR SELECT TO ticketing_owner
    USING (current_user = 'ticketing_owner');
CREATE POLICY ticket_scans_owner_insert ON ticketing.ticket_scans
    FOR INSERT TO ticketing_owner
    WITH CHECK (current_user = 'ticketing_owner');

COMMENT ON POLICY ticket_scans_tenant_isolation ON ticketing.ticket_scans IS
    'The floor: whatever another policy grants, ticketing_app, ticketing_worker and '
    'ticketing_readonly touch only rows of the tenant in app.current_tenant_id.';
COMMENT ON POLICY ticket_scans_tenant_select ON ticketing.ticket_scans IS
    'A session that acts for the tenant reads its scans; a customer reads none, since they tell '
    'who was where and when.';
COMMENT ON POLICY ticket_scans_owner_select ON ticketing.ticket_scans IS
    'Cross-tenant on purpose, for record_scan_attempt alone: it runs as the owner and names the '
    'tenant that the transaction works for.';
COMMENT ON POLICY ticket_scans_owner_insert ON ticketing.ticket_scans IS
    'Cross-tenant on purpose, for record_scan_attempt alone: it runs as the owner and names the '
    'tenant that the transaction works for.';
