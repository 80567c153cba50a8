CREATE TRIGGER trg_reservations_20_settle
AFTER UPDATE ON ticketing.reservations
REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
FOR EACH STATEMENT EXECUTE FUNCTION ticketing.settle_reservation();

COMMENT ON TRIGGER trg_reservations_20_settle ON ticketing.reservations IS
    'Ends the offer and frees the places of a reservation that is no longer pending; before the '
    'counters, which come last.';
