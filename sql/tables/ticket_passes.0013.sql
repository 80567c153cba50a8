CREATE TABLE ticketing.ticket_passes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid NOT NULL,
    channel text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    serial_number text NOT NULL DEFAULT gen_random_uuid()::text,
    pass_type_id text,
    auth_token_hash text,
    credential_version integer NOT NULL DEFAULT 1,
    pass_version integer NOT NULL DEFAULT 1,
    sending_version integer,
    claimed_by text,
    claimed_until timestamptz,
    claim_number integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 10,
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    produced_at timestamptz,
    produced_xid xid8,
    delivered_at timestamptz,
    voided_at timestamptz,
    error_message text,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_ticket_passes PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ticket_passes_serial UNIQUE (tenant_id, channel, serial_number),
    CONSTRAINT fk_ticket_passes_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_passes_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_passes_channel CHECK (channel IN ('apple_wallet', 'google_wallet')),
    CONSTRAINT chk_ticket_passes_status CHECK (
        status IN ('pending', 'produced', 'sent', 'failed')
    ),
    CONSTRAINT chk_ticket_passes_serial_number CHECK (length(serial_number) BETWEEN 1 AND 255),
    CONSTRAINT chk_ticket_passes_auth_token_hash CHECK (auth_token_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT chk_ticket_passes_produced CHECK (
        status NOT IN ('produced', 'sent')
        OR produced_at IS NOT NULL
    ),
    CONSTRAINT chk_ticket_passes_sent CHECK (
        (status <> 'sent' OR delivered_at IS NOT NULL)
        AND (delivered_at IS NULL OR produced_at IS NOT NULL)
    ),
    CONSTRAINT chk_ticket_passes_failed CHECK (status <> 'failed' OR error_message IS NOT NULL),
    CONSTRAINT chk_ticket_passes_counters CHECK (
        attempts >= 0
        AND max_attempts >= 0
        AND pass_version >= 1
        AND credential_version >= 1
        AND sending_version BETWEEN 1 AND pass_version
    ),
    CONSTRAINT chk_ticket_passes_claim CHECK (
        (claimed_by IS NULL) = (claimed_until IS NULL)
        AND (claimed_by IS NULL OR status IN ('pending', 'produced'))
        AND (claimed_by IS NULL OR claim_number > 0)
        AND length(claimed_by) BETWEEN 1 AND 255
        AND claim_number >= 0
    ),
    CONSTRAINT chk_ticket_passes_metadata CHECK (jsonb_typeof(metadata) = 'object')
);

CREATE UNIQUE INDEX uq_ticket_passes_channel
    ON ticketing.ticket_passes (tenant_id, ticket_id, channel)
    WHERE voided_at IS NULL;
CREATE INDEX idx_ticket_passes_ticket_id
    ON ticketing.ticket_passes (tenant_id, ticket_id);
CREATE INDEX idx_ticket_passes_due
    ON ticketing.ticket_passes (tenant_id, next_attempt_at, id)
    WHERE status IN ('pending', 'failed') AND attempts < max_attempts;
CREATE INDEX idx_ticket_passes_unsent
    ON ticketing.ticket_passes (tenant_id, next_attempt_at, id)
    WHERE status = 'produced' AND attempts < max_attempts;

ALTER TABLE ticketing.ticket_passes ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_passes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_passes IS
    'One row is the pass that shows a ticket in one wallet of its holder; a living one for each '
    'ticket and channel. It is a queue as well: workers claim what is to be built, then what is to '
    'be delivered, with claim_ticket_passes. A ticket that ends voids its passes; one that is '
    'handed on voids those that are out, and the new holder gets passes of their own, so that '
    'nobody''s wallet goes on showing a ticket that is somebody else''s. Rows are never deleted.';
COMMENT ON COLUMN ticketing.ticket_passes.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_passes.id IS
    'Random identifier, unique inside the tenant. With pass_version it makes a key for providers '
    'that leave out what they have delivered once.';
COMMENT ON COLUMN ticketing.ticket_passes.ticket_id IS
    'Ticket that the pass shows.';
COMMENT ON COLUMN ticketing.ticket_passes.channel IS
    'Wallet that the pass is for: apple_wallet or google_wallet.';
COMMENT ON COLUMN ticketing.ticket_passes.status IS
    'pending (to be built, or built anew), produced (built, to be delivered), sent (delivered, '
    'nothing to do until the ticket changes), failed (error_message says why; tried again at '
    'next_attempt_at).';
COMMENT ON COLUMN ticketing.ticket_passes.serial_number IS
    'Apple''s serialNumber, or the suffix of the Google object id. Never changes: the wallet knows '
    'the pass by it.';
COMMENT ON COLUMN ticketing.ticket_passes.pass_type_id IS
    'Apple''s passTypeIdentifier, or the Google class id. NULL until the pass is built first; then '
    'it never changes.';
COMMENT ON COLUMN ticketing.ticket_passes.auth_token_hash IS
    'SHA-256 of Apple''s authenticationToken in lower-case hexadecimal; the token itself is in the '
    'pass alone, so derive it from a secret of the service. NULL until the pass is built first; '
    'then it never changes.';
COMMENT ON COLUMN ticketing.ticket_passes.credential_version IS
    'Version of the ticket''s code that the pass shows; lower than the ticket''s when the pass '
    'waits to be built anew.';
COMMENT ON COLUMN ticketing.ticket_passes.pass_version IS
    'What the pass should be by now, counted from 1: each change of what it shows raises it, and '
    'the work of an older version is outdated. The pass of a new holder goes on counting.';
COMMENT ON COLUMN ticketing.ticket_passes.sending_version IS
    'The pass_version whose delivery was last begun. Equal to pass_version while produced: it is '
    'under way, or its worker died and nobody knows whether it arrived. NULL when none was, or it '
    'is known not to have arrived.';
COMMENT ON COLUMN ticketing.ticket_passes.claimed_by IS
    'Name of the worker that has the pass, NULL while nobody does. It stays when the claim has run '
    'out, until somebody else claims.';
COMMENT ON COLUMN ticketing.ticket_passes.claimed_until IS
    'When the claim runs out, by the clock and with no sweeper. NULL while nobody has it.';
COMMENT ON COLUMN ticketing.ticket_passes.claim_number IS
    'How often the pass was claimed, counted by trigger; the number of the last claim is what a '
    'worker proves its own with.';
COMMENT ON COLUMN ticketing.ticket_passes.attempts IS
    'Claims since the pass last got a step further or changed. A high one means that its workers '
    'die or fail.';
COMMENT ON COLUMN ticketing.ticket_passes.max_attempts IS
    'Attempts after which nobody tries again until retry_ticket_pass, or a change, starts anew. 0 '
    'for a pass that was voided before anybody had it.';
COMMENT ON COLUMN ticketing.ticket_passes.next_attempt_at IS
    'From when the pass may be claimed; put off after a failure.';
COMMENT ON COLUMN ticketing.ticket_passes.produced_at IS
    'When the pass was last built, by the clock; stays while it is built anew. NULL when it never '
    'was.';
COMMENT ON COLUMN ticketing.ticket_passes.produced_xid IS
    'Transaction in which it was last built. Devices that ask what changed are answered by it, '
    'because a clock cannot tell what was not yet committed when they last asked.';
COMMENT ON COLUMN ticketing.ticket_passes.delivered_at IS
    'When the holder was last known to have got the pass: sent, or seen on a device. NULL when '
    'never.';
COMMENT ON COLUMN ticketing.ticket_passes.voided_at IS
    'When the pass stopped standing for its ticket, because that ended or was handed on. Final: '
    'the pass is built once more to say so, if anybody has it. NULL while it lives.';
COMMENT ON COLUMN ticketing.ticket_passes.error_message IS
    'What went wrong last; set while it has failed. NULL once a step has worked.';
COMMENT ON COLUMN ticketing.ticket_passes.metadata IS
    'What workers note, such as message ids of a provider; each call adds its keys. Never read by '
    'this schema; no file path, as files move.';
COMMENT ON COLUMN ticketing.ticket_passes.version IS
    'Raised by trigger with every update, claims included; compare it to refuse a stale write. '
    'Not what the pass shows: that is pass_version.';
COMMENT ON COLUMN ticketing.ticket_passes.created_at IS
    'When the pass was asked for.';
COMMENT ON COLUMN ticketing.ticket_passes.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_passes ON ticketing.ticket_passes IS
    'One row per pass of a tenant.';
COMMENT ON CONSTRAINT uq_ticket_passes_serial ON ticketing.ticket_passes IS
    'A serial number stands for one pass of a wallet; covers the look-up of a device''s request.';
COMMENT ON CONSTRAINT fk_ticket_passes_tenant_id ON ticketing.ticket_passes IS
    'Every pass belongs to a known tenant; a tenant cannot be deleted while it has passes.';
COMMENT ON CONSTRAINT fk_ticket_passes_ticket_id ON ticketing.ticket_passes IS
    'The ticket belongs to the same tenant; it cannot be deleted while it has passes, because a '
    'wallet may show them.';
COMMENT ON CONSTRAINT chk_ticket_passes_channel ON ticketing.ticket_passes IS
    'Only wallets that workers know are stored.';
COMMENT ON CONSTRAINT chk_ticket_passes_status ON ticketing.ticket_passes IS
    'The status is one of the four that state_transitions knows.';
COMMENT ON CONSTRAINT chk_ticket_passes_serial_number ON ticketing.ticket_passes IS
    'A serial number has 1 to 255 characters.';
COMMENT ON CONSTRAINT chk_ticket_passes_auth_token_hash ON ticketing.ticket_passes IS
    'A SHA-256 in lower-case hexadecimal, so that no token in clear text is stored by mistake.';
COMMENT ON CONSTRAINT chk_ticket_passes_produced ON ticketing.ticket_passes IS
    'A pass that is built says when.';
COMMENT ON CONSTRAINT chk_ticket_passes_sent ON ticketing.ticket_passes IS
    'A pass that is sent says when, and what was delivered had been built.';
COMMENT ON CONSTRAINT chk_ticket_passes_failed ON ticketing.ticket_passes IS
    'A failed pass says why.';
COMMENT ON CONSTRAINT chk_ticket_passes_counters ON ticketing.ticket_passes IS
    'Counts do not fall below where they start, and no delivery is ahead of its pass.';
COMMENT ON CONSTRAINT chk_ticket_passes_claim ON ticketing.ticket_passes IS
    'A claim has a worker, an end and a number, and only what waits for work is claimed.';
COMMENT ON CONSTRAINT chk_ticket_passes_metadata ON ticketing.ticket_passes IS
    'Metadata is a JSON object, to which each call can add its keys.';
COMMENT ON INDEX ticketing.uq_ticket_passes_channel IS
    'One living pass for a ticket and a wallet, however often a batch asks for it. Voided ones are '
    'left out: a former holder''s pass keeps its serial number, and the new holder gets another.';
COMMENT ON INDEX ticketing.idx_ticket_passes_ticket_id IS
    'Covers the foreign key to tickets: finds every pass a ticket ever had.';
COMMENT ON INDEX ticketing.idx_ticket_passes_due IS
    'Serves claim_ticket_passes: what waits to be built, longest first. Passes that nobody tries '
    'again leave it.';
COMMENT ON INDEX ticketing.idx_ticket_passes_unsent IS
    'Serves claim_ticket_passes: what waits to be delivered, longest first, and what may or may '
    'not have arrived.';

GRANT SELECT ON ticketing.ticket_passes TO ticketing_app, ticketing_worker, ticketing_readonly;
-- Not the status, a claim or a version: a pass starts where every pass starts.
GRANT INSERT (
    tenant_id, id, ticket_id, channel, serial_number, pass_type_id, metadata
) ON ticketing.ticket_passes TO ticketing_app, ticketing_worker;
-- The time of production and the number of the claim are the trigger's alone.
GRANT UPDATE (
    status, pass_type_id, auth_token_hash, credential_version, pass_version, sending_version,
    claimed_by, claimed_until, attempts, max_attempts, next_attempt_at, delivered_at, voided_at,
    error_message, metadata
) ON ticketing.ticket_passes TO ticketing_app, ticketing_worker;
