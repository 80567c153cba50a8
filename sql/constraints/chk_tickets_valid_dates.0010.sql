ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_valid_dates CHECK (
        valid_from IS NULL
        OR expires_at IS NULL
        OR valid_from <= expires_at
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_valid_dates ON ticketing.tickets IS
    'A ticket that is valid from one moment to another ends no earlier than it begins.';
