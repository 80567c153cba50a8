ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_resale_price_positive CHECK (
        resale_price_cents IS NULL OR resale_price_cents >= 0
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_resale_price_positive ON ticketing.tickets IS
    'The resale price, where the ticket is offered, is zero or more.';
