CREATE TABLE ticketing.ticket_scans (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid,
    event_id uuid NOT NULL,
    raw_code_hash text,
    direction text NOT NULL DEFAULT 'entry',
    result text NOT NULL,
    rejection_reason text,
    is_first_entry boolean NOT NULL DEFAULT FALSE,
    admission_period text NOT NULL DEFAULT 'event',
    check_in_round integer NOT NULL DEFAULT 1,
    scanned_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    scanned_by uuid,
    device_id text,
    gate text,
    location text,
    offline boolean NOT NULL DEFAULT FALSE,
    forced boolean NOT NULL DEFAULT FALSE,
    client_nonce text,
    credential_version integer,
    ip_address inet,
    user_agent text,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_ticket_scans PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_scans_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_scans_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_scans_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_scans_result CHECK (
        result IN (
            'valid', 'invalid', 'duplicate', 'expired', 'already_used', 'wrong_event', 'not_open',
            'revoked', 'transfer_pending', 'unknown'
        )
    ),
    CONSTRAINT chk_ticket_scans_direction CHECK (direction IN ('entry', 'exit')),
    CONSTRAINT chk_ticket_scans_reason CHECK (result = 'valid' OR rejection_reason IS NOT NULL),
    CONSTRAINT chk_ticket_scans_subject CHECK (
        ticket_id IS NOT NULL
        OR raw_code_hash IS NOT NULL
    ),
    CONSTRAINT chk_ticket_scans_valid_ticket CHECK (result <> 'valid' OR ticket_id IS NOT NULL),
    CONSTRAINT chk_ticket_scans_first_entry CHECK (
        NOT is_first_entry
        OR (result = 'valid' AND direction = 'entry')
    ),
    CONSTRAINT chk_ticket_scans_forced CHECK (NOT forced OR offline),
    CONSTRAINT chk_ticket_scans_nonce CHECK (
        client_nonce IS NULL
        OR (device_id IS NOT NULL AND length(client_nonce) BETWEEN 1 AND 255)
    ),
    CONSTRAINT chk_ticket_scans_time CHECK (scanned_at <= created_at),
    CONSTRAINT chk_ticket_scans_period CHECK (length(admission_period) BETWEEN 1 AND 64),
    CONSTRAINT chk_ticket_scans_lengths CHECK (
        length(device_id) <= 255
        AND length(gate) <= 255
        AND length(location) <= 255
        AND length(raw_code_hash) <= 255
        AND length(user_agent) <= 1024
    )
);

CREATE UNIQUE INDEX uq_ticket_scans_first_entry
    ON ticketing.ticket_scans (tenant_id, ticket_id, event_id, admission_period, check_in_round)
    WHERE is_first_entry;
CREATE UNIQUE INDEX uq_ticket_scans_client_nonce
    ON ticketing.ticket_scans (tenant_id, device_id, client_nonce)
    WHERE client_nonce IS NOT NULL;
CREATE INDEX idx_ticket_scans_duplicate_detection
    ON ticketing.ticket_scans (tenant_id, ticket_id, scanned_at DESC);
CREATE INDEX idx_ticket_scans_event_id
    ON ticketing.ticket_scans (tenant_id, event_id, scanned_at);

ALTER TABLE ticketing.ticket_scans ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_scans FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_scans IS
    'One row is one attempt at a door, accepted or refused, in or out. record_scan_attempt alone '
    'writes it, with the decision and under the ticket''s row lock; append-only, so the table '
    'grows with every attempt and the record of a repeated or refused scan is never lost. Never '
    'insert by hand: such a row would shut out, or count, somebody whose ticket says otherwise.';
COMMENT ON COLUMN ticketing.ticket_scans.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_scans.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_scans.ticket_id IS
    'Ticket that was scanned. NULL when the tenant has no such ticket; raw_code_hash then says '
    'what was shown.';
COMMENT ON COLUMN ticketing.ticket_scans.event_id IS
    'Event at whose door it was scanned, which for a result of wrong_event is not the ticket''s.';
COMMENT ON COLUMN ticketing.ticket_scans.raw_code_hash IS
    'Hash of the code that was shown when no ticket matched, so that repeated attempts with one '
    'forgery are found; never the code itself. NULL when a ticket matched.';
COMMENT ON COLUMN ticketing.ticket_scans.direction IS
    'Which way: entry (in) or exit (out).';
COMMENT ON COLUMN ticketing.ticket_scans.result IS
    'Answer to the door: valid (let through), or a refusal: unknown (no such ticket), wrong_event, '
    'revoked (ticket ended, or an older code), expired (ticket or check-in over), '
    'transfer_pending (on offer), not_open (too early), invalid (not issued, event cancelled, or '
    'out without being in), duplicate (again within seconds), already_used (again later).';
COMMENT ON COLUMN ticketing.ticket_scans.rejection_reason IS
    'Why it was refused, in words, for the staff at the door. NULL when it was accepted.';
COMMENT ON COLUMN ticketing.ticket_scans.is_first_entry IS
    'Whether this scan admitted the ticket, for the first time in its period and round; counting '
    'these counts the people who came. Later accepted entries, after an exit, have FALSE.';
COMMENT ON COLUMN ticketing.ticket_scans.admission_period IS
    'Part of the event that the entry is counted in: event for the whole of it, or a name the '
    'door chooses, such as a date for tickets that admit once a day.';
COMMENT ON COLUMN ticketing.ticket_scans.check_in_round IS
    'Round of the ticket at that moment; an undone check-in starts the next, so that scans from '
    'before it no longer count. 1 when no ticket matched.';
COMMENT ON COLUMN ticketing.ticket_scans.scanned_at IS
    'When it was scanned, by the device for an offline upload; may be earlier than created_at, '
    'and is never later, whatever the clock of the device said.';
COMMENT ON COLUMN ticketing.ticket_scans.scanned_by IS
    'Id of the person who scanned; not tied to users. NULL at a turnstile or when not known.';
COMMENT ON COLUMN ticketing.ticket_scans.device_id IS
    'Device that scanned, as it names itself. NULL when not known.';
COMMENT ON COLUMN ticketing.ticket_scans.gate IS
    'Gate or check-in list of the event. NULL when there is one only.';
COMMENT ON COLUMN ticketing.ticket_scans.location IS
    'Where the device stood, in words or coordinates. NULL when not known.';
COMMENT ON COLUMN ticketing.ticket_scans.offline IS
    'Whether the device decided by itself and uploaded the scan later.';
COMMENT ON COLUMN ticketing.ticket_scans.forced IS
    'Whether the device let the person in offline whatever the rules said; with a result other '
    'than valid somebody is inside whose ticket does not admit.';
COMMENT ON COLUMN ticketing.ticket_scans.client_nonce IS
    'Identifier that the device gave the scan, so that uploading it again changes nothing. NULL '
    'when the device sends none, and every upload is then an attempt of its own.';
COMMENT ON COLUMN ticketing.ticket_scans.credential_version IS
    'Version of the code that was shown, compared with the ticket''s. NULL when the code carries '
    'none.';
COMMENT ON COLUMN ticketing.ticket_scans.ip_address IS
    'Address the scan came from. Personal data where it is a person''s. NULL when not known.';
COMMENT ON COLUMN ticketing.ticket_scans.user_agent IS
    'Software of the device as it names itself, cut at 1024 characters. NULL when not known.';
COMMENT ON COLUMN ticketing.ticket_scans.metadata IS
    'Free attributes of the caller; never read by this schema.';
COMMENT ON COLUMN ticketing.ticket_scans.created_at IS
    'When the scan arrived here, by the wall clock: scans within one transaction keep their order.';
COMMENT ON CONSTRAINT pk_ticket_scans ON ticketing.ticket_scans IS
    'One row per attempt of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_scans_tenant_id ON ticketing.ticket_scans IS
    'Every scan belongs to a known tenant; a tenant cannot be deleted while it has scans.';
COMMENT ON CONSTRAINT fk_ticket_scans_ticket_id ON ticketing.ticket_scans IS
    'The ticket belongs to the same tenant; it cannot be deleted while scans refer to it, so the '
    'record survives.';
COMMENT ON CONSTRAINT fk_ticket_scans_event_id ON ticketing.ticket_scans IS
    'The event belongs to the same tenant; it cannot be deleted while scans refer to it.';
COMMENT ON CONSTRAINT chk_ticket_scans_result ON ticketing.ticket_scans IS
    'The result is valid or one of the nine refusals.';
COMMENT ON CONSTRAINT chk_ticket_scans_direction ON ticketing.ticket_scans IS
    'A scan is an entry or an exit.';
COMMENT ON CONSTRAINT chk_ticket_scans_reason ON ticketing.ticket_scans IS
    'A refusal says why.';
COMMENT ON CONSTRAINT chk_ticket_scans_subject ON ticketing.ticket_scans IS
    'A scan names a ticket, or at least the hash of what was shown.';
COMMENT ON CONSTRAINT chk_ticket_scans_valid_ticket ON ticketing.ticket_scans IS
    'Nobody is let through without a ticket.';
COMMENT ON CONSTRAINT chk_ticket_scans_first_entry ON ticketing.ticket_scans IS
    'Only an accepted entry admits a ticket.';
COMMENT ON CONSTRAINT chk_ticket_scans_forced ON ticketing.ticket_scans IS
    'Only a device that was offline may have gone past the rules; online the database decides.';
COMMENT ON CONSTRAINT chk_ticket_scans_nonce ON ticketing.ticket_scans IS
    'A nonce has 1 to 255 characters and comes with its device, for without a device it would '
    'not be unique and a repeated upload would count twice.';
COMMENT ON CONSTRAINT chk_ticket_scans_time ON ticketing.ticket_scans IS
    'Nothing is scanned later than it arrives; a clock that runs ahead would open a door early.';
COMMENT ON CONSTRAINT chk_ticket_scans_period ON ticketing.ticket_scans IS
    'The period has a name of 1 to 64 characters.';
COMMENT ON CONSTRAINT chk_ticket_scans_lengths ON ticketing.ticket_scans IS
    'What devices say of themselves stays short: 255 characters, 1024 for the user agent.';
COMMENT ON INDEX ticketing.uq_ticket_scans_first_entry IS
    'A ticket is admitted once in each period and round of an event, whatever code is at fault: '
    'the last line against one ticket that lets two people in. Serves a scan at the door, which '
    'looks for the first entry.';
COMMENT ON INDEX ticketing.uq_ticket_scans_client_nonce IS
    'A device''s scan is stored once, however often it is uploaded; also finds the stored answer.';
COMMENT ON INDEX ticketing.idx_ticket_scans_duplicate_detection IS
    'Serves a scan at the door: the earlier scans of the ticket, newest first, which every '
    'repeated one asks for. Covers the foreign key to tickets.';
COMMENT ON INDEX ticketing.idx_ticket_scans_event_id IS
    'Serves the scans of an event in order of time; covers the foreign key to events.';

GRANT SELECT ON ticketing.ticket_scans TO ticketing_app, ticketing_worker, ticketing_readonly;
