CREATE TRIGGER trg_ticket_scans_refuse_change
BEFORE UPDATE OR DELETE OR TRUNCATE ON ticketing.ticket_scans
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.refuse_history_change();

COMMENT ON TRIGGER trg_ticket_scans_refuse_change ON ticketing.ticket_scans IS
    'Keeps the table append-only: TK003 for everybody but the retention job.';
