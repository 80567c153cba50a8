ALTER TABLE ticketing.ticket_holds
    ADD CONSTRAINT fk_ticket_holds_held_by FOREIGN KEY (tenant_id, held_by)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT NOT VALID;

COMMENT ON CONSTRAINT fk_ticket_holds_held_by ON ticketing.ticket_holds IS
    'Whoever holds, where somebody is named, is a user of the same tenant, who cannot be deleted '
    'while house holds name that user.';
