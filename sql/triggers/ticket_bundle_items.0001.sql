CREATE TRIGGER trg_ticket_bundle_items_stamp_updated_at
BEFORE UPDATE ON ticketing.ticket_bundle_items
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_ticket_bundle_items_stamp_updated_at ON ticketing.ticket_bundle_items IS
    'Sets updated_at to the time of the clock, whatever the statement says.';
