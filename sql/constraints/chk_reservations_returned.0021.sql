ALTER TABLE ticketing.reservations
    ADD CONSTRAINT chk_reservations_returned CHECK (
        returned_quantity BETWEEN 0 AND quantity
        AND (returned_quantity = 0 OR status IN ('confirmed', 'cancelled'))
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_reservations_returned ON ticketing.reservations IS
    'No more places come back than were sold, and only of a sale.';
