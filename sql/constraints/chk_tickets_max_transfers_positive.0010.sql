ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_max_transfers_positive CHECK (
        max_transfers IS NULL OR max_transfers >= 0
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_max_transfers_positive ON ticketing.tickets IS
    'The limit of transfers, where there is one, is zero or more; zero forbids them.';
