CREATE TRIGGER trg_tenants_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.tenants
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_tenants_stamp_updated_at ON ticketing.tenants IS
    'Stamps updated_at when a newer version from the owner is written.';
