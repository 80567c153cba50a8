ALTER TABLE ticketing.ticket_validations
    ADD CONSTRAINT fk_ticket_validations_validator_id FOREIGN KEY (tenant_id, validator_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT NOT VALID;

COMMENT ON CONSTRAINT fk_ticket_validations_validator_id ON ticketing.ticket_validations IS
    'Whoever validated, where somebody is named, is a user of the same tenant, who cannot be '
    'deleted while validations name that user.';
