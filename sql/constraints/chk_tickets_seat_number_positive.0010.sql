ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_seat_number_positive CHECK (
        seat_number IS NULL OR seat_number > 0
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_seat_number_positive ON ticketing.tickets IS
    'Seats that have a number count from 1.';
