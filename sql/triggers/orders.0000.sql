CREATE TRIGGER trg_orders_stamp_updated_at
BEFORE UPDATE OF version ON ticketing.orders
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_orders_stamp_updated_at ON ticketing.orders IS
    'Stamps updated_at when a newer version from the owner is written.';
