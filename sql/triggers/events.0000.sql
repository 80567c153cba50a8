CREATE TRIGGER trg_events_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.events
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_events_stamp_updated_at ON ticketing.events IS
    'Stamps updated_at when a newer version from the owner is written.';
