ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_max_resale_price CHECK (
        max_resale_price_cents IS NULL
        OR (
            max_resale_price_cents >= 0
            AND (price_cents IS NULL OR max_resale_price_cents >= price_cents)
        )
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_max_resale_price ON ticketing.tickets IS
    'The ceiling of resale, where there is one, is not below the price paid, so that a holder can '
    'at least get that back.';
