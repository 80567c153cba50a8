CREATE UNIQUE INDEX CONCURRENTLY uq_tickets_barcode
    ON ticketing.tickets (tenant_id, barcode)
    WHERE barcode IS NOT NULL;

COMMENT ON INDEX ticketing.uq_tickets_barcode IS
    'One ticket per barcode of a tenant, so that a code admits one person; finds the ticket of a '
    'code that was scanned.';
