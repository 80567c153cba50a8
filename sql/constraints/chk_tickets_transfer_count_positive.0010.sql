ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_transfer_count_positive CHECK (
        transfer_count >= 0
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_transfer_count_positive ON ticketing.tickets IS
    'Changes of holder count from 0.';
