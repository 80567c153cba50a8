CREATE TRIGGER trg_ticket_transfers_90_raise_version
BEFORE UPDATE ON ticketing.ticket_transfers
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_ticket_transfers_90_raise_version ON ticketing.ticket_transfers IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
