CREATE TRIGGER trg_ticket_state_history_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.ticket_state_history
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_ticket_state_history_refuse_change ON ticketing.ticket_state_history IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
