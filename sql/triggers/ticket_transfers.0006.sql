CREATE TRIGGER trg_ticket_transfers_05_start_status
BEFORE INSERT ON ticketing.ticket_transfers
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('ticket_transfer');

CREATE TRIGGER trg_ticket_transfers_05_change_status
BEFORE UPDATE OF status ON ticketing.ticket_transfers
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change(
    'ticket_transfer', 'cancellation_reason', 'expires_at'
);

CREATE TRIGGER trg_ticket_transfers_10_guard
BEFORE INSERT OR UPDATE ON ticketing.ticket_transfers
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_ticket_transfer();

COMMENT ON TRIGGER trg_ticket_transfers_05_start_status ON ticketing.ticket_transfers IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_ticket_transfers_05_change_status ON ticketing.ticket_transfers IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_ticket_transfers_10_guard ON ticketing.ticket_transfers IS
    'Lets an offer be made only of a ticket that can be handed on, by the one who holds it, and '
    'accepted only in time.';
