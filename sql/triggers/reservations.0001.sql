CREATE TRIGGER trg_reservations_10_guard
BEFORE INSERT OR UPDATE ON ticketing.reservations
FOR EACH ROW EXECUTE FUNCTION ticketing.guard_reservation();

CREATE TRIGGER trg_reservations_90_raise_version
BEFORE UPDATE ON ticketing.reservations
FOR EACH ROW EXECUTE FUNCTION ticketing.raise_row_version();

CREATE TRIGGER trg_reservations_10_log_insert
AFTER INSERT ON ticketing.reservations
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_reservation_change();

CREATE TRIGGER trg_reservations_10_log_update
AFTER UPDATE ON ticketing.reservations
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.log_reservation_change();

CREATE TRIGGER trg_reservations_80_release
AFTER UPDATE ON ticketing.reservations
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.release_ticket_availability();

CREATE TRIGGER trg_reservations_90_take_insert
AFTER INSERT ON ticketing.reservations
REFERENCING NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.update_ticket_availability_on_reservation();

CREATE TRIGGER trg_reservations_90_take_update
AFTER UPDATE ON ticketing.reservations
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.update_ticket_availability_on_reservation();

COMMENT ON TRIGGER trg_reservations_10_guard ON ticketing.reservations IS
    'Refuses what a reservation may not be or become, before anything is written.';
COMMENT ON TRIGGER trg_reservations_90_raise_version ON ticketing.reservations IS
    'Raises version and stamps updated_at with every update, after the other BEFORE triggers.';
COMMENT ON TRIGGER trg_reservations_10_log_insert ON ticketing.reservations IS
    'Writes reservation_history for new reservations.';
COMMENT ON TRIGGER trg_reservations_10_log_update ON ticketing.reservations IS
    'Writes reservation_history for changes of status.';
COMMENT ON TRIGGER trg_reservations_80_release ON ticketing.reservations IS
    'Gives back what expired or was cancelled.';
COMMENT ON TRIGGER trg_reservations_90_take_insert ON ticketing.reservations IS
    'Takes the quantity of new reservations; last, because the counter is the contended row.';
COMMENT ON TRIGGER trg_reservations_90_take_update ON ticketing.reservations IS
    'Moves confirmed quantities from reserved to sold; last, because the counter is the contended'
    ' row.';
