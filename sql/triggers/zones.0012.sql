CREATE TRIGGER trg_zones_90_raise_version
BEFORE UPDATE ON ticketing.zones
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_zones_90_spread_insert
AFTER INSERT ON ticketing.zones
FOR EACH ROW EXECUTE FUNCTION ticketing.spread_zone_capacity();

CREATE TRIGGER trg_zones_90_spread_update
AFTER UPDATE OF capacity ON ticketing.zones
FOR EACH ROW EXECUTE FUNCTION ticketing.spread_zone_capacity();

COMMENT ON TRIGGER trg_zones_90_raise_version ON ticketing.zones IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_zones_90_spread_insert ON ticketing.zones IS
    'Makes the counters of a new zone.';
COMMENT ON TRIGGER trg_zones_90_spread_update ON ticketing.zones IS
    'Divides a changed capacity among the counters, also when it is set to what it was.';
