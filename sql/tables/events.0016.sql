COMMENT ON POLICY events_owner_select ON ticketing.events IS
    'Cross-tenant on purpose, for record_scan_attempt and accept_transfer alone: they run as the '
    'owner and name the tenant that the transaction works for.';
