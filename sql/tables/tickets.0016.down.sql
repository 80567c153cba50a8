COMMENT ON COLUMN ticketing.tickets.qr_code IS
    'Opaque random secret behind the QR code, or its hash; a transfer replaces it. It admits, so '
    'never copy it into a log. NULL while no code has been issued.';
COMMENT ON COLUMN ticketing.tickets.barcode IS
    'Content of the linear barcode; it admits just as qr_code does. NULL when the ticket has none.';
COMMENT ON COLUMN ticketing.tickets.credential_version IS
    'Counts the codes the ticket has had, from 1; raised when the code is replaced, so that an '
    'older code can be told from the current one.';
COMMENT ON COLUMN ticketing.tickets.transfer_count IS
    'Number of completed changes of holder.';
COMMENT ON POLICY tickets_owner_select ON ticketing.tickets IS
    'Cross-tenant on purpose, for functions that run as the owner and name the tenant: the trigger '
    'that counts attended events, record_scan_attempt and find_ticket_ids. Decided when the query '
    'is planned, so that a search may use its index.';
COMMENT ON POLICY tickets_owner_update ON ticketing.tickets IS
    'Cross-tenant on purpose, for record_scan_attempt alone: it runs as the owner and names the '
    'tenant that the transaction works for.';
