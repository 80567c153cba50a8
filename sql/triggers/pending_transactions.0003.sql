CREATE TRIGGER trg_pending_transactions_90_raise_version
BEFORE UPDATE ON ticketing.pending_transactions
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_pending_transactions_10_log_update
AFTER UPDATE ON ticketing.pending_transactions
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_transaction_change();

COMMENT ON TRIGGER trg_pending_transactions_90_raise_version ON ticketing.pending_transactions IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_pending_transactions_10_log_update ON ticketing.pending_transactions IS
    'Writes blockchain_sync_log for transactions whose status changed.';
