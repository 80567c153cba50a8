COMMENT ON POLICY events_owner_select ON ticketing.events IS
    'Cross-tenant on purpose, for record_scan_attempt alone: it runs as the owner and names the '
    'tenant that the transaction works for.';
