CREATE TRIGGER trg_pending_transactions_05_start_status
BEFORE INSERT ON ticketing.pending_transactions
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('pending_transaction');

CREATE TRIGGER trg_pending_transactions_05_change_status
BEFORE UPDATE OF status ON ticketing.pending_transactions
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('pending_transaction', 'error_code');

COMMENT ON TRIGGER trg_pending_transactions_05_start_status ON ticketing.pending_transactions IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_pending_transactions_05_change_status ON ticketing.pending_transactions IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
