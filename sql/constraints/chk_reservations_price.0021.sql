ALTER TABLE ticketing.reservations
    ADD CONSTRAINT chk_reservations_price CHECK (
        (total_cents IS NULL) = (currency IS NULL)
        AND (total_cents IS NULL OR total_cents >= 0)
        AND (currency IS NULL OR currency ~ '^[A-Z]{3}$')
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_reservations_price ON ticketing.reservations IS
    'A price is zero or more and has a currency of three capital letters.';
