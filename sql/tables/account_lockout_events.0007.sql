CREATE TABLE ticketing.account_lockout_events (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid,
    identifier text NOT NULL,
    identifier_type text NOT NULL,
    event_type text NOT NULL,
    failed_attempt_count integer NOT NULL DEFAULT 0,
    reason text,
    locked_until timestamptz,
    locked_by text,
    unlocked_by uuid,
    ip_address inet,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_account_lockout_events PRIMARY KEY (id),
    CONSTRAINT fk_account_lockout_events_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT chk_lockout_identifier CHECK (
        identifier = lower(identifier) AND length(identifier) BETWEEN 1 AND 255
    ),
    CONSTRAINT chk_lockout_identifier_type CHECK (
        identifier_type IN ('user_id', 'email_hash', 'ip', 'device', 'ticket_code')
    ),
    CONSTRAINT chk_lockout_event_type CHECK (
        event_type IN ('failed_attempt', 'locked', 'unlocked')
    ),
    CONSTRAINT chk_lockout_count CHECK (failed_attempt_count >= 0),
    CONSTRAINT chk_lockout_locked CHECK (
        (event_type = 'locked') = (locked_until IS NOT NULL)
        AND (locked_until IS NULL OR locked_until > created_at)
    )
);

CREATE INDEX idx_lockout_events_identifier
    ON ticketing.account_lockout_events (tenant_id, identifier_type, identifier, seq DESC)
    WHERE event_type <> 'failed_attempt';
CREATE INDEX idx_lockout_events_window
    ON ticketing.account_lockout_events (tenant_id, identifier_type, identifier, created_at);
CREATE INDEX idx_account_lockout_events_created_at
    ON ticketing.account_lockout_events (created_at);

ALTER TABLE ticketing.account_lockout_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.account_lockout_events FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.account_lockout_events IS
    'One row is one failed attempt to prove an identity, one lock that followed, or one unlock; '
    'the latest lock or unlock of an identifier is its state. Only record_failed_attempt, '
    'record_successful_login and unlock_account write it, and rows are never changed. A tenant''s '
    'rows bind that tenant alone; rows without a tenant, from before it is known, bind '
    'every tenant. Background jobs alone may read it whole. Personal data: addresses and devices.';
COMMENT ON COLUMN ticketing.account_lockout_events.id IS
    'Random identifier; the order of events is in seq.';
COMMENT ON COLUMN ticketing.account_lockout_events.seq IS
    'Order of the events of an identifier, numbered by the database; its writers queue, so it is '
    'also their order of commit.';
COMMENT ON SEQUENCE ticketing.account_lockout_events_seq_seq IS
    'Numbers the events of all identifiers and tenants; a transaction that is rolled back '
    'leaves a gap.';
COMMENT ON COLUMN ticketing.account_lockout_events.tenant_id IS
    'Tenant within which the event counts. NULL: the platform, before a tenant is known; such a '
    'lock holds in every tenant.';
COMMENT ON COLUMN ticketing.account_lockout_events.identifier IS
    'What is counted, trimmed and in lower case. A hash where the thing itself is secret or '
    'personal, such as an e-mail address or a ticket''s code; of IPv6 the network of 64 bits.';
COMMENT ON COLUMN ticketing.account_lockout_events.identifier_type IS
    'What the identifier is: user_id, email_hash, ip, device or ticket_code.';
COMMENT ON COLUMN ticketing.account_lockout_events.event_type IS
    'What happened: failed_attempt, locked (too many of those), unlocked (by hand, or by a '
    'successful login).';
COMMENT ON COLUMN ticketing.account_lockout_events.failed_attempt_count IS
    'Failed attempts that count after this event. Stands still during a lock; 0 after an unlock.';
COMMENT ON COLUMN ticketing.account_lockout_events.reason IS
    'Why, in the caller''s words; success for the reset by a login. NULL when nothing was said.';
COMMENT ON COLUMN ticketing.account_lockout_events.locked_until IS
    'When the lock ends by itself; set exactly for locked, else NULL.';
COMMENT ON COLUMN ticketing.account_lockout_events.locked_by IS
    'Who locked: system when the threshold was reached. NULL for other events.';
COMMENT ON COLUMN ticketing.account_lockout_events.unlocked_by IS
    'Person who lifted the lock; not tied to users, since there may be no tenant. NULL for other '
    'events, for a login, and where nobody was named.';
COMMENT ON COLUMN ticketing.account_lockout_events.ip_address IS
    'Network address the attempt came from, whole. Personal data. NULL when the caller did not '
    'say.';
COMMENT ON COLUMN ticketing.account_lockout_events.user_agent IS
    'Client program as it named itself, at most 512 characters. NULL when the caller did not say.';
COMMENT ON COLUMN ticketing.account_lockout_events.created_at IS
    'When it happened, by the wall clock; the window of attempts goes by it.';
COMMENT ON CONSTRAINT pk_account_lockout_events ON ticketing.account_lockout_events IS
    'One row per event; without the tenant, which may be unknown.';
COMMENT ON CONSTRAINT fk_account_lockout_events_tenant_id ON ticketing.account_lockout_events IS
    'The tenant, once known, exists; it cannot be deleted while events refer to it.';
COMMENT ON CONSTRAINT chk_lockout_identifier ON ticketing.account_lockout_events IS
    'The identifier is in lower case, so that its spelling does not get round a lock, and has 1 to '
    '255 characters.';
COMMENT ON CONSTRAINT chk_lockout_identifier_type ON ticketing.account_lockout_events IS
    'The identifier is one of the five known kinds.';
COMMENT ON CONSTRAINT chk_lockout_event_type ON ticketing.account_lockout_events IS
    'Only the three known events are stored.';
COMMENT ON CONSTRAINT chk_lockout_count ON ticketing.account_lockout_events IS
    'The number of failed attempts is zero or more.';
COMMENT ON CONSTRAINT chk_lockout_locked ON ticketing.account_lockout_events IS
    'Exactly a lock has an end, and the end comes after it began; prevents a lock for ever.';
COMMENT ON INDEX ticketing.idx_lockout_events_identifier IS
    'Serves the question whether an identifier is locked: its latest lock or unlock, in one look.';
COMMENT ON INDEX ticketing.idx_lockout_events_window IS
    'Serves the count of recent failed attempts, and covers the foreign key to tenants.';
COMMENT ON INDEX ticketing.idx_account_lockout_events_created_at IS
    'Serves retention: the oldest events first, and what happened of late over all accounts.';

GRANT SELECT ON ticketing.account_lockout_events TO ticketing_worker;
