CREATE TRIGGER trg_refunds_30_end_tickets_insert
AFTER INSERT ON ticketing.refunds
FOR EACH ROW
WHEN (new.status = 'completed')
EXECUTE FUNCTION ticketing.end_refunded_tickets();

CREATE TRIGGER trg_refunds_30_end_tickets_update
AFTER UPDATE OF status ON ticketing.refunds
FOR EACH ROW
WHEN (new.status = 'completed' AND old.status <> 'completed')
EXECUTE FUNCTION ticketing.end_refunded_tickets();

COMMENT ON TRIGGER trg_refunds_30_end_tickets_insert ON ticketing.refunds IS
    'Ends the tickets that a refund made outside has paid back; after order and payment, which '
    'are locked before tickets.';
COMMENT ON TRIGGER trg_refunds_30_end_tickets_update ON ticketing.refunds IS
    'Ends the tickets that a refund has paid back; after order and payment, which are locked '
    'before tickets.';
