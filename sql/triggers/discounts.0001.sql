CREATE TRIGGER trg_discounts_90_raise_version
BEFORE UPDATE ON ticketing.discounts
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_discounts_90_raise_version ON ticketing.discounts IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
