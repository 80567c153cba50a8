CREATE TRIGGER trg_reservations_05_start_status
BEFORE INSERT ON ticketing.reservations
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('reservation');

CREATE TRIGGER trg_reservations_05_change_status
BEFORE UPDATE OF status ON ticketing.reservations
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('reservation', 'release_reason', 'expires_at');

COMMENT ON TRIGGER trg_reservations_05_start_status ON ticketing.reservations IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_reservations_05_change_status ON ticketing.reservations IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
