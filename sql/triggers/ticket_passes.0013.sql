CREATE TRIGGER trg_ticket_passes_05_start_status
BEFORE INSERT ON ticketing.ticket_passes
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('ticket_pass');

CREATE TRIGGER trg_ticket_passes_05_change_status
BEFORE UPDATE OF status ON ticketing.ticket_passes
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('ticket_pass', 'error_message');

CREATE TRIGGER trg_ticket_passes_10_guard
BEFORE INSERT OR UPDATE ON ticketing.ticket_passes
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_ticket_pass();

CREATE TRIGGER trg_ticket_passes_90_raise_version
BEFORE UPDATE ON ticketing.ticket_passes
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

COMMENT ON TRIGGER trg_ticket_passes_05_start_status ON ticketing.ticket_passes IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_ticket_passes_05_change_status ON ticketing.ticket_passes IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_ticket_passes_10_guard ON ticketing.ticket_passes IS
    'Lets only a living ticket have a new pass; keeps what a wallet knows the pass by; numbers '
    'claims; and lets whatever raises pass_version, or voids the pass, have it built anew.';
COMMENT ON TRIGGER trg_ticket_passes_90_raise_version ON ticketing.ticket_passes IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
