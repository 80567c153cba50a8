COMMENT ON COLUMN ticketing.tickets.qr_code IS
    'Secret behind the QR code, in clear, for services that still keep it here: its SHA-256 stands '
    'in ticket_credentials, and it is emptied when it dies. It admits, so never copy it into a '
    'log. NULL where only the hash is kept, or no code has been issued.';
COMMENT ON COLUMN ticketing.tickets.barcode IS
    'Content of the linear barcode; it admits just as qr_code does, and is emptied together with '
    'it, but leaves no trace. NULL when the ticket has none.';
COMMENT ON COLUMN ticketing.tickets.credential_version IS
    'Counts the codes the ticket has had, from 1; raised by trigger when its code or its holder '
    'changes and never lowered, so that an older code can be told from the current one.';
COMMENT ON COLUMN ticketing.tickets.transfer_count IS
    'Number of completed changes of holder by the holders themselves; complete_transfer does not '
    'count those that staff make.';
COMMENT ON POLICY tickets_owner_select ON ticketing.tickets IS
    'Cross-tenant on purpose, for functions that run as the owner and name the tenant: the trigger '
    'that counts attended events, record_scan_attempt, find_ticket_ids, accept_transfer, '
    'complete_transfer, reissue_ticket and backfill_ticket_credentials. Decided when the query is '
    'planned, so that a search may use its index.';
COMMENT ON POLICY tickets_owner_update ON ticketing.tickets IS
    'Cross-tenant on purpose, for record_scan_attempt, accept_transfer, complete_transfer, '
    'reissue_ticket and backfill_ticket_credentials alone: they run as the owner and name the '
    'tenant that the transaction works for.';
