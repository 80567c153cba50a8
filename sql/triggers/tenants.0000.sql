CREATE TRIGGER trg_tenants_10_ignore_stale
BEFORE UPDATE OF version ON ticketing.tenants
FOR EACH ROW
WHEN (new.version <= old.version)
EXECUTE FUNCTION ticketing.ignore_stale_version();

CREATE TRIGGER trg_tenants_90_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.tenants
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_tenants_10_ignore_stale ON ticketing.tenants IS
    'Lets an old or repeated version from the owner change nothing.';
COMMENT ON TRIGGER trg_tenants_90_stamp_updated_at ON ticketing.tenants IS
    'Stamps updated_at when a newer version from the owner is written.';
