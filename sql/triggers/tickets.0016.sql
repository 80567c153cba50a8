CREATE TRIGGER trg_tickets_15_rotate_code
BEFORE UPDATE ON ticketing.tickets
FOR EACH ROW
WHEN (
    old.qr_code IS DISTINCT FROM new.qr_code
    OR old.credential_version IS DISTINCT FROM new.credential_version
    OR old.user_id IS DISTINCT FROM new.user_id
)
EXECUTE FUNCTION ticketing.rotate_ticket_code();

CREATE TRIGGER trg_tickets_60_retire_code
AFTER UPDATE ON ticketing.tickets
FOR EACH ROW
WHEN (
    old.qr_code IS DISTINCT FROM new.qr_code
    OR old.credential_version <> new.credential_version
    OR (
        old.status <> new.status
        AND new.status IN ('revoked', 'refunded', 'cancelled', 'expired')
    )
)
EXECUTE FUNCTION ticketing.retire_ticket_code();

CREATE TRIGGER trg_tickets_60_register_codes
AFTER INSERT ON ticketing.tickets
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.register_ticket_codes();

COMMENT ON TRIGGER trg_tickets_15_rotate_code ON ticketing.tickets IS
    'Ends the code of a ticket that changes hands or gets another one. Its condition keeps it out '
    'of every other update, scans above all.';
COMMENT ON TRIGGER trg_tickets_60_retire_code ON ticketing.tickets IS
    'Revokes and remembers the code that ends, and registers the new one. Its condition keeps it '
    'out of every other update, scans above all.';
COMMENT ON TRIGGER trg_tickets_60_register_codes ON ticketing.tickets IS
    'Registers the codes of new tickets, one statement for all of them.';
