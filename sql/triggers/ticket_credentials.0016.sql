CREATE TRIGGER trg_ticket_credentials_05_start_status
BEFORE INSERT ON ticketing.ticket_credentials
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('ticket_credential');

CREATE TRIGGER trg_ticket_credentials_05_change_status
BEFORE UPDATE OF status ON ticketing.ticket_credentials
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('ticket_credential', 'revoked_reason');

COMMENT ON TRIGGER trg_ticket_credentials_05_start_status ON ticketing.ticket_credentials IS
    'A row starts in a status that state_transitions allows.';
COMMENT ON TRIGGER trg_ticket_credentials_05_change_status ON ticketing.ticket_credentials IS
    'A status changes only as state_transitions allows: a dead code stays dead, even for the '
    'superuser.';
