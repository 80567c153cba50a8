CREATE TRIGGER trg_refunds_15_freeze_payment
BEFORE UPDATE OF payment_id ON ticketing.refunds
FOR EACH ROW
WHEN (old.status = 'completed' AND old.payment_id IS DISTINCT FROM new.payment_id)
EXECUTE FUNCTION ticketing.refuse_refund_move();

CREATE TRIGGER trg_refunds_20_apply_payment_insert
AFTER INSERT ON ticketing.refunds
FOR EACH ROW
WHEN (new.status = 'completed' AND new.payment_id IS NOT NULL)
EXECUTE FUNCTION ticketing.apply_refund_to_payment();

CREATE TRIGGER trg_refunds_20_apply_payment_update
AFTER UPDATE OF status ON ticketing.refunds
FOR EACH ROW
WHEN (
    new.status = 'completed'
    AND old.status <> 'completed'
    AND new.payment_id IS NOT NULL
)
EXECUTE FUNCTION ticketing.apply_refund_to_payment();

COMMENT ON TRIGGER trg_refunds_15_freeze_payment ON ticketing.refunds IS
    'A completed refund stays with its payment, which has counted it.';
COMMENT ON TRIGGER trg_refunds_20_apply_payment_insert ON ticketing.refunds IS
    'Counts a refund that arrives completed at its payment, after the order, so that both are '
    'locked in that order.';
COMMENT ON TRIGGER trg_refunds_20_apply_payment_update ON ticketing.refunds IS
    'Counts a refund at its payment when it becomes completed, after the order, so that both are '
    'locked in that order.';
