CREATE TRIGGER trg_waitlist_05_start_status
BEFORE INSERT ON ticketing.waitlist
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_status_change('waitlist');

CREATE TRIGGER trg_waitlist_05_change_status
BEFORE UPDATE OF status ON ticketing.waitlist
FOR EACH ROW
WHEN (old.status IS DISTINCT FROM new.status)
EXECUTE FUNCTION ticketing.guard_status_change('waitlist', '', 'offer_expires_at');

COMMENT ON TRIGGER trg_waitlist_05_start_status ON ticketing.waitlist IS
    'A row starts in a status that state_transitions allows, before any other trigger looks.';
COMMENT ON TRIGGER trg_waitlist_05_change_status ON ticketing.waitlist IS
    'A status changes only as state_transitions allows, before any other trigger looks.';
