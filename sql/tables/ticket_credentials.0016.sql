CREATE TABLE ticketing.ticket_credentials (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid NOT NULL,
    code_hash text NOT NULL,
    credential_version integer NOT NULL,
    status text NOT NULL DEFAULT 'active',
    revoked_reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz,
    CONSTRAINT pk_ticket_credentials PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ticket_credentials_code UNIQUE (tenant_id, code_hash),
    CONSTRAINT uq_ticket_credentials_version UNIQUE (tenant_id, ticket_id, credential_version),
    CONSTRAINT fk_ticket_credentials_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_credentials_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_credentials_hash CHECK (code_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT chk_ticket_credentials_version CHECK (credential_version >= 1),
    CONSTRAINT chk_ticket_credentials_status CHECK (
        status IN ('active', 'revoked')
        AND (status = 'revoked') = (revoked_at IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_credentials_reason CHECK (
        (status = 'revoked') = (revoked_reason IS NOT NULL)
        AND (
            revoked_reason IS NULL
            OR revoked_reason IN (
                'transfer', 'reissue', 'lost', 'fraud', 'replaced', 'withdrawn',
                'revoked', 'refunded', 'cancelled', 'expired'
            )
        )
    )
);

CREATE UNIQUE INDEX uq_ticket_credentials_one_active
    ON ticketing.ticket_credentials (tenant_id, ticket_id)
    WHERE status = 'active';

ALTER TABLE ticketing.ticket_credentials ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_credentials FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_credentials IS
    'One row is one code that a ticket has or had, known by its hash alone, so that a dead code is '
    'answered revoked and not unknown. Written by triggers of tickets and by reissue_ticket, never '
    'by hand; rows are never deleted and a dead code never lives again. About as many rows as '
    'tickets, and one more for each transfer or reissue.';
COMMENT ON COLUMN ticketing.ticket_credentials.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_credentials.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_credentials.ticket_id IS
    'Ticket that the code admits, or admitted.';
COMMENT ON COLUMN ticketing.ticket_credentials.code_hash IS
    'SHA-256 of the code in UTF-8, as 64 lower-case hex digits. The code itself is not here.';
COMMENT ON COLUMN ticketing.ticket_credentials.credential_version IS
    'Which of the ticket''s codes this is; lower than the ticket''s credential_version means dead.';
COMMENT ON COLUMN ticketing.ticket_credentials.status IS
    'State of the code: active (the one that admits) or, for good, revoked.';
COMMENT ON COLUMN ticketing.ticket_credentials.revoked_reason IS
    'Why the code died: transfer (the ticket has a new holder), reissue, lost, fraud (as told to '
    'reissue_ticket), replaced or withdrawn (tickets.qr_code or credential_version was written), '
    'or the final status of the ticket. NULL while the code is active.';
COMMENT ON COLUMN ticketing.ticket_credentials.created_at IS
    'When the code was registered here; a code from before this table was registered later than '
    'it was made.';
COMMENT ON COLUMN ticketing.ticket_credentials.revoked_at IS
    'When the code died; set exactly when the status is revoked.';
COMMENT ON CONSTRAINT pk_ticket_credentials ON ticketing.ticket_credentials IS
    'One row per code of a tenant.';
COMMENT ON CONSTRAINT uq_ticket_credentials_code ON ticketing.ticket_credentials IS
    'A code belongs to one ticket for ever: neither a second ticket nor a dead code''s own '
    'ticket can use it again. Serves a scan at the door, which finds the ticket by the hash of '
    'the code.';
COMMENT ON CONSTRAINT uq_ticket_credentials_version ON ticketing.ticket_credentials IS
    'Each code of a ticket has a version of its own; also covers the foreign key to tickets.';
COMMENT ON CONSTRAINT fk_ticket_credentials_tenant_id ON ticketing.ticket_credentials IS
    'Every code belongs to a known tenant; a tenant cannot be deleted while it has codes.';
COMMENT ON CONSTRAINT fk_ticket_credentials_ticket_id ON ticketing.ticket_credentials IS
    'The ticket belongs to the same tenant; it cannot be deleted while its codes are remembered.';
COMMENT ON CONSTRAINT chk_ticket_credentials_hash ON ticketing.ticket_credentials IS
    'A code is stored as a SHA-256 in lower-case hex; keeps a code in clear from being stored by '
    'mistake.';
COMMENT ON CONSTRAINT chk_ticket_credentials_version ON ticketing.ticket_credentials IS
    'Versions count from 1, as those of tickets do.';
COMMENT ON CONSTRAINT chk_ticket_credentials_status ON ticketing.ticket_credentials IS
    'A code is active or revoked, and the moment of its end is set exactly when it is revoked.';
COMMENT ON CONSTRAINT chk_ticket_credentials_reason ON ticketing.ticket_credentials IS
    'A revoked code has one of the known reasons, an active one has none.';
COMMENT ON INDEX ticketing.uq_ticket_credentials_one_active IS
    'A ticket has at most one code that admits; prevents an old and a new code from both opening '
    'the door.';

GRANT SELECT ON ticketing.ticket_credentials
TO ticketing_app, ticketing_worker, ticketing_readonly;
