CREATE TRIGGER trg_tickets_05_start_status
BEFORE INSERT ON ticketing.tickets
FOR EACH ROW EXECUTE FUNCTION ticketing.ticket_status_change_trigger();

CREATE TRIGGER trg_tickets_05_change_status
BEFORE UPDATE OF status ON ticketing.tickets
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.ticket_status_change_trigger();

CREATE TRIGGER trg_tickets_40_close_claims
AFTER UPDATE ON ticketing.tickets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.close_ticket_claims();

COMMENT ON TRIGGER trg_tickets_05_start_status ON ticketing.tickets IS
    'A ticket starts in a status that state_transitions allows.';
COMMENT ON TRIGGER trg_tickets_05_change_status ON ticketing.tickets IS
    'A status changes only as state_transitions allows, and the change is stamped, before any '
    'other trigger looks.';
COMMENT ON TRIGGER trg_tickets_40_close_claims ON ticketing.tickets IS
    'Cancels the open transfer of a ticket that ends.';
