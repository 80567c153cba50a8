CREATE TRIGGER trg_spending_transactions_10_guard_reversal
BEFORE INSERT ON ticketing.spending_transactions
FOR EACH ROW
WHEN (new.transaction_type = 'reversal')
EXECUTE FUNCTION ticketing.guard_spending_reversal();

CREATE TRIGGER trg_spending_transactions_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.spending_transactions
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_spending_transactions_10_guard_reversal ON ticketing.spending_transactions IS
    'A reversal is of the same person, currency and amount as what it takes back.';
COMMENT ON TRIGGER trg_spending_transactions_refuse_change ON ticketing.spending_transactions IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
