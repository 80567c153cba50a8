CREATE TABLE ticketing.ticket_validations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid NOT NULL,
    validator_id uuid,
    validation_method text NOT NULL DEFAULT 'qr',
    result text NOT NULL DEFAULT 'valid',
    reason text,
    validated_at timestamptz NOT NULL DEFAULT now(),
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_validations PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_validations_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_validations_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_validations_method CHECK (
        validation_method IN ('qr', 'barcode', 'nfc', 'manual', 'id_check', 'blockchain')
    ),
    CONSTRAINT chk_ticket_validations_result CHECK (
        result IN ('valid', 'invalid')
        AND (result = 'valid' OR reason IS NOT NULL)
    )
);

CREATE INDEX idx_ticket_validations_ticket_id
    ON ticketing.ticket_validations (tenant_id, ticket_id);
CREATE INDEX idx_ticket_validations_validator_id
    ON ticketing.ticket_validations (tenant_id, validator_id)
    WHERE validator_id IS NOT NULL;

ALTER TABLE ticketing.ticket_validations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_validations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_validations IS
    'One row is one validation of a ticket, or of its holder''s identity, by staff; it admits '
    'nobody and is no scan at the gate. Services and workers only insert, so the table grows with '
    'every validation. Never change or delete a row: a mistaken validation is answered by a '
    'further row.';
COMMENT ON COLUMN ticketing.ticket_validations.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_validations.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_validations.ticket_id IS
    'Ticket that staff looked at, or whose holder they did.';
COMMENT ON COLUMN ticketing.ticket_validations.validator_id IS
    'User who validated. NULL when it was done by a device or a service.';
COMMENT ON COLUMN ticketing.ticket_validations.validation_method IS
    'How it was done: qr or barcode (code read), nfc (chip or phone read), manual (by eye), '
    'id_check (identity paper seen), blockchain (ownership of the token checked).';
COMMENT ON COLUMN ticketing.ticket_validations.result IS
    'Outcome: valid (ticket or identity accepted) or invalid (refused; reason says why).';
COMMENT ON COLUMN ticketing.ticket_validations.reason IS
    'Why the outcome was reached, in words. Required when result is invalid, else it may be NULL.';
COMMENT ON COLUMN ticketing.ticket_validations.validated_at IS
    'When the validation took place; may be earlier than created_at when it is reported late.';
COMMENT ON COLUMN ticketing.ticket_validations.metadata IS
    'Free attributes of the caller; never read by this schema.';
COMMENT ON COLUMN ticketing.ticket_validations.created_at IS
    'When the row was inserted here.';
COMMENT ON CONSTRAINT pk_ticket_validations ON ticketing.ticket_validations IS
    'One row per validation of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_validations_tenant_id ON ticketing.ticket_validations IS
    'Every validation belongs to a known tenant; a tenant cannot be deleted while it has '
    'validations.';
COMMENT ON CONSTRAINT fk_ticket_validations_ticket_id ON ticketing.ticket_validations IS
    'The ticket belongs to the same tenant; it cannot be deleted while validations refer to it, '
    'so the record survives.';
COMMENT ON CONSTRAINT chk_ticket_validations_method ON ticketing.ticket_validations IS
    'The method is one of the six known ones.';
COMMENT ON CONSTRAINT chk_ticket_validations_result ON ticketing.ticket_validations IS
    'The result is valid or invalid, and an invalid one gives a reason.';
COMMENT ON INDEX ticketing.idx_ticket_validations_ticket_id IS
    'Covers the foreign key to tickets: finds the validations of a ticket.';
COMMENT ON INDEX ticketing.idx_ticket_validations_validator_id IS
    'Covers the foreign key to users: finds what a member of staff has validated.';

GRANT SELECT ON ticketing.ticket_validations TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_validations TO ticketing_app, ticketing_worker;
