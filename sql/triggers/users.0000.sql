CREATE TRIGGER trg_users_10_ignore_stale
BEFORE UPDATE OF version ON ticketing.users
FOR EACH ROW
WHEN (new.version <= old.version)
EXECUTE FUNCTION ticketing.ignore_stale_version();

CREATE TRIGGER trg_users_90_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.users
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_users_10_ignore_stale ON ticketing.users IS
    'Lets an old or repeated version from the owner change nothing.';
COMMENT ON TRIGGER trg_users_90_stamp_updated_at ON ticketing.users IS
    'Stamps updated_at when a newer version from the owner is written.';
