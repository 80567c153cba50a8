CREATE UNIQUE INDEX CONCURRENTLY uq_tickets_qr_code
    ON ticketing.tickets (tenant_id, qr_code)
    WHERE qr_code IS NOT NULL;

COMMENT ON INDEX ticketing.uq_tickets_qr_code IS
    'One ticket per QR code of a tenant, so that a code admits one person; finds the ticket of a '
    'code that was scanned.';
