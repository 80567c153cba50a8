CREATE TRIGGER trg_venues_10_ignore_stale
BEFORE UPDATE OF version ON ticketing.venues
FOR EACH ROW
WHEN (new.version <= old.version)
EXECUTE FUNCTION ticketing.ignore_stale_version();

CREATE TRIGGER trg_venues_90_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.venues
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_venues_10_ignore_stale ON ticketing.venues IS
    'Lets an old or repeated version from the owner change nothing.';
COMMENT ON TRIGGER trg_venues_90_stamp_updated_at ON ticketing.venues IS
    'Stamps updated_at when a newer version from the owner is written.';
