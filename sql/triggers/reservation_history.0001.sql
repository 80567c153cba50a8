CREATE TRIGGER trg_reservation_history_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.reservation_history
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_reservation_history_refuse_change ON ticketing.reservation_history IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
