CREATE TRIGGER trg_multisig_approval_requests_05_start_status
BEFORE INSERT ON ticketing.multisig_approval_requests
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('multisig_request');

CREATE TRIGGER trg_multisig_approval_requests_05_change_status
BEFORE UPDATE OF status ON ticketing.multisig_approval_requests
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change(
    'multisig_request', 'decision_reason', 'expires_at'
);

CREATE TRIGGER trg_multisig_approval_requests_10_guard
BEFORE INSERT OR UPDATE ON ticketing.multisig_approval_requests
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_multisig_request();

CREATE TRIGGER trg_multisig_approval_requests_90_raise_version
BEFORE UPDATE ON ticketing.multisig_approval_requests
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_multisig_approval_requests_05_start_status
ON ticketing.multisig_approval_requests IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_multisig_approval_requests_05_change_status
ON ticketing.multisig_approval_requests IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_multisig_approval_requests_10_guard
ON ticketing.multisig_approval_requests IS
    'Freezes what is voted upon, and lets a status through only with the votes and the time for '
    'it.';
COMMENT ON TRIGGER trg_multisig_approval_requests_90_raise_version
ON ticketing.multisig_approval_requests IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
