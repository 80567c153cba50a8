CREATE TRIGGER trg_users_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.users
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_users_stamp_updated_at ON ticketing.users IS
    'Stamps updated_at when a newer version from the owner is written.';
