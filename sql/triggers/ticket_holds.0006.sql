CREATE TRIGGER trg_ticket_holds_05_start_status
BEFORE INSERT ON ticketing.ticket_holds
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('ticket_hold');

CREATE TRIGGER trg_ticket_holds_05_change_status
BEFORE UPDATE OF status ON ticketing.ticket_holds
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('ticket_hold', '', 'expires_at');

COMMENT ON TRIGGER trg_ticket_holds_05_start_status ON ticketing.ticket_holds IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_ticket_holds_05_change_status ON ticketing.ticket_holds IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
