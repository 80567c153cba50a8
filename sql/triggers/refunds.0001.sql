CREATE TRIGGER trg_refunds_90_raise_version
BEFORE UPDATE ON ticketing.refunds
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_refunds_10_apply_insert
AFTER INSERT ON ticketing.refunds
FOR EACH ROW
WHEN (new.status = 'completed')
EXECUTE FUNCTION ticketing.apply_refund_to_order();

CREATE TRIGGER trg_refunds_10_apply_update
AFTER UPDATE OF status ON ticketing.refunds
FOR EACH ROW
WHEN (new.status = 'completed' AND old.status <> 'completed')
EXECUTE FUNCTION ticketing.apply_refund_to_order();

COMMENT ON TRIGGER trg_refunds_90_raise_version ON ticketing.refunds IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_refunds_10_apply_insert ON ticketing.refunds IS
    'Counts a refund that arrives completed, as those made outside do.';
COMMENT ON TRIGGER trg_refunds_10_apply_update ON ticketing.refunds IS
    'Counts a refund at the moment it becomes completed.';
