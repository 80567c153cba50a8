CREATE TRIGGER trg_idempotency_keys_05_start_status
BEFORE INSERT ON ticketing.idempotency_keys
FOR EACH ROW
WHEN (new.status <> 'processing')
EXECUTE FUNCTION ticketing.guard_status_change('idempotency_key');

CREATE TRIGGER trg_idempotency_keys_05_change_status
BEFORE UPDATE OF status ON ticketing.idempotency_keys
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('idempotency_key');

COMMENT ON TRIGGER trg_idempotency_keys_05_start_status ON ticketing.idempotency_keys IS
    'A row starts in a status that state_transitions allows, before any other trigger looks. Not '
    'asked for processing, in which nearly every row starts and everybody may start one: the look '
    'would cost a tenth of acquiring a key.';
COMMENT ON TRIGGER trg_idempotency_keys_05_change_status ON ticketing.idempotency_keys IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
