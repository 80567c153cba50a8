CREATE TRIGGER trg_tickets_50_log_insert
AFTER INSERT ON ticketing.tickets
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_ticket_status_change();

CREATE TRIGGER trg_tickets_50_log_update
AFTER UPDATE ON ticketing.tickets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_ticket_status_change();

COMMENT ON TRIGGER trg_tickets_50_log_insert ON ticketing.tickets IS
    'Writes history and event of new tickets.';
COMMENT ON TRIGGER trg_tickets_50_log_update ON ticketing.tickets IS
    'Writes history and event of changes of status.';
