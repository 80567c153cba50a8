CREATE TRIGGER trg_venues_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.venues
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_venues_stamp_updated_at ON ticketing.venues IS
    'Stamps updated_at when a newer version from the owner is written.';
