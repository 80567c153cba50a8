CREATE TRIGGER trg_outbox_cursors_90_stamp_updated_at
BEFORE UPDATE ON ticketing.outbox_cursors
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_outbox_cursors_90_stamp_updated_at ON ticketing.outbox_cursors IS
    'Sets updated_at to the time of the clock, whatever the statement says.';
