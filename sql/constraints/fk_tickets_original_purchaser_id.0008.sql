ALTER TABLE ticketing.tickets
    ADD CONSTRAINT fk_tickets_original_purchaser_id FOREIGN KEY (tenant_id, original_purchaser_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT NOT VALID;

COMMENT ON CONSTRAINT fk_tickets_original_purchaser_id ON ticketing.tickets IS
    'The first buyer, where there is one with an account, is a user of the same tenant, who cannot '
    'be deleted while tickets name that user.';
