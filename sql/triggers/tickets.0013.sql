CREATE TRIGGER trg_tickets_60_refresh_passes
AFTER UPDATE ON ticketing.tickets
FOR EACH ROW
WHEN (
    (
        old.status IS DISTINCT FROM new.status
        AND new.status IN ('revoked', 'refunded', 'cancelled', 'expired')
    )
    OR old.user_id IS DISTINCT FROM new.user_id
    OR old.purchaser_email IS DISTINCT FROM new.purchaser_email
    OR old.credential_version IS DISTINCT FROM new.credential_version
    OR old.qr_code IS DISTINCT FROM new.qr_code
    OR old.barcode IS DISTINCT FROM new.barcode
    OR old.ticket_number IS DISTINCT FROM new.ticket_number
    OR old.venue_id IS DISTINCT FROM new.venue_id
    OR old.section IS DISTINCT FROM new.section
    OR old."row" IS DISTINCT FROM new."row"
    OR old.seat IS DISTINCT FROM new.seat
    OR old.valid_from IS DISTINCT FROM new.valid_from
    OR old.expires_at IS DISTINCT FROM new.expires_at
)
EXECUTE FUNCTION ticketing.refresh_ticket_passes();

COMMENT ON TRIGGER trg_tickets_60_refresh_passes ON ticketing.tickets IS
    'Voids the passes of a ticket that ends or is handed on, and has them built anew when '
    'something changes that they show. A row trigger with a condition: sales and scans, which '
    'change nothing of this, pay next to nothing for it.';
