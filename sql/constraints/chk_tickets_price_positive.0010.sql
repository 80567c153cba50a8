ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_price_positive CHECK (
        price_cents IS NULL OR price_cents >= 0
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_price_positive ON ticketing.tickets IS
    'The price, once fixed, is zero or more.';
