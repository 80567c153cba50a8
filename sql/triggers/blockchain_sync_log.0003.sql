CREATE TRIGGER trg_blockchain_sync_log_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.blockchain_sync_log
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_blockchain_sync_log_refuse_change ON ticketing.blockchain_sync_log IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
