CREATE TRIGGER trg_idempotency_keys_10_guard
BEFORE UPDATE ON ticketing.idempotency_keys
FOR EACH ROW
WHEN (old.status = 'completed')
EXECUTE FUNCTION ticketing.guard_idempotency_key();

CREATE TRIGGER trg_idempotency_keys_90_stamp_updated_at
BEFORE UPDATE ON ticketing.idempotency_keys
FOR EACH ROW EXECUTE FUNCTION ticketing.stamp_updated_at();

COMMENT ON TRIGGER trg_idempotency_keys_10_guard ON ticketing.idempotency_keys IS
    'What was answered is answered: a repeat must get the same.';
COMMENT ON TRIGGER trg_idempotency_keys_90_stamp_updated_at ON ticketing.idempotency_keys IS
    'Stamps updated_at with every update, after the other BEFORE triggers.';
