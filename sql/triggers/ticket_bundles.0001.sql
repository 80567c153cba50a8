CREATE TRIGGER trg_ticket_bundles_90_raise_version
BEFORE UPDATE ON ticketing.ticket_bundles
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_ticket_bundles_90_raise_version ON ticketing.ticket_bundles IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
