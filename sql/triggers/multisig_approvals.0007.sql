CREATE TRIGGER trg_multisig_approvals_10_guard
BEFORE INSERT ON ticketing.multisig_approvals
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_multisig_vote('approver');

CREATE TRIGGER trg_multisig_approvals_20_count
AFTER INSERT ON ticketing.multisig_approvals
FOR EACH ROW EXECUTE FUNCTION ticketing.count_multisig_approval();

CREATE TRIGGER trg_multisig_approvals_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.multisig_approvals
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_multisig_approvals_10_guard ON ticketing.multisig_approvals IS
    'Locks the request and tests the voter before the vote is written.';
COMMENT ON TRIGGER trg_multisig_approvals_20_count ON ticketing.multisig_approvals IS
    'Decides the request with the vote that suffices.';
COMMENT ON TRIGGER trg_multisig_approvals_refuse_change ON ticketing.multisig_approvals IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
