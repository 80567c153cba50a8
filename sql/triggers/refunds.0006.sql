CREATE TRIGGER trg_refunds_05_start_status
BEFORE INSERT ON ticketing.refunds
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('refund');

CREATE TRIGGER trg_refunds_05_change_status
BEFORE UPDATE OF status ON ticketing.refunds
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('refund', 'failure_code');

COMMENT ON TRIGGER trg_refunds_05_start_status ON ticketing.refunds IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_refunds_05_change_status ON ticketing.refunds IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
