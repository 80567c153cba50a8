CREATE TRIGGER trg_tickets_10_clear_check_in
BEFORE UPDATE OF status ON ticketing.tickets
FOR EACH ROW
WHEN (old.status = 'checked_in' AND new.status IN ('active', 'transferred'))
EXECUTE FUNCTION ticketing.clear_check_in();

CREATE TRIGGER trg_tickets_90_raise_version
BEFORE UPDATE ON ticketing.tickets
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_tickets_10_guard_holder
AFTER UPDATE ON ticketing.tickets
FOR EACH ROW
WHEN (NOT ticketing.acts_for_tenant())
EXECUTE FUNCTION ticketing.guard_ticket_holder_update();

CREATE TRIGGER trg_tickets_20_stats_insert
AFTER INSERT ON ticketing.tickets
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.update_user_ticket_stats();

CREATE TRIGGER trg_tickets_20_stats_update
AFTER UPDATE ON ticketing.tickets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.update_user_ticket_stats();

CREATE TRIGGER trg_tickets_30_attended_insert
AFTER INSERT ON ticketing.tickets
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.update_user_events_attended();

CREATE TRIGGER trg_tickets_30_attended_update
AFTER UPDATE ON ticketing.tickets
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.update_user_events_attended();

COMMENT ON TRIGGER trg_tickets_10_clear_check_in ON ticketing.tickets IS
    'Takes the time of a check-in away when the check-in is undone.';
COMMENT ON TRIGGER trg_tickets_90_raise_version ON ticketing.tickets IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_tickets_10_guard_holder ON ticketing.tickets IS
    'In a customer''s session, refuses changes of anything but the resale price.';
COMMENT ON TRIGGER trg_tickets_20_stats_insert ON ticketing.tickets IS
    'Counts a ticket that is made as the buyer''s.';
COMMENT ON TRIGGER trg_tickets_20_stats_update ON ticketing.tickets IS
    'Counts a ticket that becomes the buyer''s.';
COMMENT ON TRIGGER trg_tickets_30_attended_insert ON ticketing.tickets IS
    'Counts the event of a ticket that comes in already checked in.';
COMMENT ON TRIGGER trg_tickets_30_attended_update ON ticketing.tickets IS
    'Counts the event for the holder at the first check-in and takes the count back when the only '
    'check-in is undone.';
