CREATE TRIGGER trg_waitlist_90_raise_version
BEFORE UPDATE ON ticketing.waitlist
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_waitlist_90_raise_version ON ticketing.waitlist IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
