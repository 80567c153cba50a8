ALTER TABLE ticketing.tickets
    ADD CONSTRAINT chk_tickets_face_value_positive CHECK (
        face_value_cents IS NULL OR face_value_cents >= 0
    ) NOT VALID;

COMMENT ON CONSTRAINT chk_tickets_face_value_positive ON ticketing.tickets IS
    'The printed value, where there is one, is zero or more.';
