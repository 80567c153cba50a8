CREATE TRIGGER trg_spending_limits_10_guard
BEFORE INSERT OR UPDATE ON ticketing.spending_limits
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_spending_limit();

CREATE TRIGGER trg_spending_limits_90_raise_version
BEFORE UPDATE ON ticketing.spending_limits
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_spending_limits_10_guard ON ticketing.spending_limits IS
    'A customer''s session gives itself no other limits, and the time zone is one the server '
    'knows.';
COMMENT ON TRIGGER trg_spending_limits_90_raise_version ON ticketing.spending_limits IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
