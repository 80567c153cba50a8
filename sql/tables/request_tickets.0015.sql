CREATE TABLE ticketing.request_tickets (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    created_by uuid NOT NULL,
    state text NOT NULL DEFAULT 'pending',
    priority integer NOT NULL DEFAULT 0,
    tags text[] NOT NULL DEFAULT '{}'::text[],
    description text NOT NULL DEFAULT '',
    dest_path text NOT NULL,
    claimed_by text,
    claimed_until timestamptz,
    claim_number integer NOT NULL DEFAULT 0,
    cancelled_by uuid,
    cancelled_at timestamptz,
    cancel_reason text,
    completed_at timestamptz,
    failed_at timestamptz,
    error text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_request_tickets PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_request_tickets_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_request_tickets_created_by FOREIGN KEY (tenant_id, created_by)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_request_tickets_state CHECK (
        state IN ('pending', 'completed', 'failed', 'cancelled')
    ),
    CONSTRAINT chk_request_tickets_priority CHECK (priority BETWEEN 0 AND 65535),
    CONSTRAINT chk_request_tickets_tags CHECK (
        array_position(tags, NULL) IS NULL
        AND array_position(tags, '') IS NULL
        AND cardinality(tags) <= 64
    ),
    CONSTRAINT chk_request_tickets_description CHECK (length(description) <= 10000),
    CONSTRAINT chk_request_tickets_dest_path CHECK (
        length(btrim(dest_path)) > 0
        AND length(dest_path) <= 4096
    ),
    CONSTRAINT chk_request_tickets_claim CHECK (
        (claimed_by IS NULL) = (claimed_until IS NULL)
        AND (claimed_by IS NULL OR state = 'pending')
        AND (claimed_by IS NULL OR claim_number > 0)
        AND length(claimed_by) BETWEEN 1 AND 255
        AND claim_number >= 0
    ),
    CONSTRAINT chk_request_tickets_cancelled CHECK (
        (state = 'cancelled') = (cancelled_at IS NOT NULL)
        AND (cancelled_at IS NULL) = (cancelled_by IS NULL)
        AND (cancelled_at IS NOT NULL OR cancel_reason IS NULL)
    ),
    CONSTRAINT chk_request_tickets_completed CHECK (
        (state = 'completed') = (completed_at IS NOT NULL)
    ),
    CONSTRAINT chk_request_tickets_failed CHECK (
        (state = 'failed') = (failed_at IS NOT NULL)
        AND (failed_at IS NULL) = (error IS NULL)
    )
);

CREATE INDEX idx_request_tickets_queue
    ON ticketing.request_tickets (tenant_id, priority DESC, created_at, id)
    WHERE state = 'pending';
CREATE INDEX idx_request_tickets_state
    ON ticketing.request_tickets (tenant_id, state, priority DESC, created_at, id);
CREATE INDEX idx_request_tickets_created_by
    ON ticketing.request_tickets (tenant_id, created_by, priority DESC, created_at, id);

ALTER TABLE ticketing.request_tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.request_tickets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.request_tickets IS
    'One row is one piece of work that somebody asked for, from the wish to its end; it admits '
    'nobody to anything. Pending rows are the queue, highest priority first and oldest first '
    'within it; workers claim from it with claim_request_tickets. Rows are never deleted. Every '
    'change leaves a row in audit_events.';
COMMENT ON COLUMN ticketing.request_tickets.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.request_tickets.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.request_tickets.created_by IS
    'User who asked for the work. In a customer''s session nobody but that customer.';
COMMENT ON COLUMN ticketing.request_tickets.state IS
    'pending (waiting, or being worked on while claimed_until is ahead), or a final one: completed '
    '(done), failed (given up, see error), cancelled (no longer wanted).';
COMMENT ON COLUMN ticketing.request_tickets.priority IS
    'Place in the queue, 0 to 65535; the higher one is worked on first.';
COMMENT ON COLUMN ticketing.request_tickets.tags IS
    'Words that sort and route the request, such as music or flac; half of its query context. At '
    'most 64, in the order they were given.';
COMMENT ON COLUMN ticketing.request_tickets.description IS
    'What is wanted, in the words of whoever asks, for matching; the other half of the query '
    'context. May hold personal data.';
COMMENT ON COLUMN ticketing.request_tickets.dest_path IS
    'Path at which the result is to be put.';
COMMENT ON COLUMN ticketing.request_tickets.claimed_by IS
    'Name of the worker that has the request, NULL while nobody does. It stays when the claim has '
    'run out, until somebody else claims.';
COMMENT ON COLUMN ticketing.request_tickets.claimed_until IS
    'When the claim runs out and the request is anybody''s again, by the clock and with no '
    'sweeper. NULL while nobody has it.';
COMMENT ON COLUMN ticketing.request_tickets.claim_number IS
    'How often the request was claimed, counted by trigger; the number of the last claim is what a '
    'worker proves its own with. A high one on a pending request means that its workers die.';
COMMENT ON COLUMN ticketing.request_tickets.cancelled_by IS
    'User who called the request off; set exactly when it is cancelled. A copy without a foreign '
    'key: an administrator of the platform is no user of the tenant.';
COMMENT ON COLUMN ticketing.request_tickets.cancelled_at IS
    'When the request was called off, by the clock; set exactly when it is cancelled.';
COMMENT ON COLUMN ticketing.request_tickets.cancel_reason IS
    'Why the request was called off; NULL when nothing was said or it was not.';
COMMENT ON COLUMN ticketing.request_tickets.completed_at IS
    'When the work was done, by the clock; set exactly when it is completed.';
COMMENT ON COLUMN ticketing.request_tickets.failed_at IS
    'When the work was given up, by the clock; set exactly when it has failed.';
COMMENT ON COLUMN ticketing.request_tickets.error IS
    'Why the work was given up; set exactly when it has failed.';
COMMENT ON COLUMN ticketing.request_tickets.version IS
    'Raised by trigger with every update, claims included; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.request_tickets.created_at IS
    'When the request was made, by the wall clock, so that requests of one transaction keep their '
    'order in the queue.';
COMMENT ON COLUMN ticketing.request_tickets.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_request_tickets ON ticketing.request_tickets IS
    'One row per request of a tenant.';
COMMENT ON CONSTRAINT fk_request_tickets_tenant_id ON ticketing.request_tickets IS
    'Every request belongs to a known tenant; a tenant cannot be deleted while it has requests.';
COMMENT ON CONSTRAINT fk_request_tickets_created_by ON ticketing.request_tickets IS
    'Whoever asks is a user of the same tenant, who cannot be deleted while requests name that '
    'user.';
COMMENT ON CONSTRAINT chk_request_tickets_state ON ticketing.request_tickets IS
    'The state is one of the four that state_transitions knows.';
COMMENT ON CONSTRAINT chk_request_tickets_priority ON ticketing.request_tickets IS
    'The priority fits in sixteen bits, as services keep it.';
COMMENT ON CONSTRAINT chk_request_tickets_tags ON ticketing.request_tickets IS
    'At most 64 tags, none of them NULL or empty.';
COMMENT ON CONSTRAINT chk_request_tickets_description ON ticketing.request_tickets IS
    'The description has at most 10000 characters, which bounds an audit event too.';
COMMENT ON CONSTRAINT chk_request_tickets_dest_path ON ticketing.request_tickets IS
    'There is a destination, of at most 4096 characters.';
COMMENT ON CONSTRAINT chk_request_tickets_claim ON ticketing.request_tickets IS
    'A claim has a worker, an end and a number, and only a pending request is claimed.';
COMMENT ON CONSTRAINT chk_request_tickets_cancelled ON ticketing.request_tickets IS
    'A cancelled request says when and by whom, and no other says so or has a reason for it. A '
    'service that names no user must name who cancels.';
COMMENT ON CONSTRAINT chk_request_tickets_completed ON ticketing.request_tickets IS
    'A completed request says when, and no other does.';
COMMENT ON CONSTRAINT chk_request_tickets_failed ON ticketing.request_tickets IS
    'A failed request says when and why, and no other does.';
COMMENT ON INDEX ticketing.idx_request_tickets_queue IS
    'The queue of a tenant in the order in which it is worked off; small, because closed requests '
    'leave it. Serves claim_request_tickets and the list of what is pending.';
COMMENT ON INDEX ticketing.idx_request_tickets_state IS
    'Serves the list of the requests in one state, in the order of the list.';
COMMENT ON INDEX ticketing.idx_request_tickets_created_by IS
    'Serves the list of one user''s requests, in the order of the list, and covers the foreign key '
    'to users.';

GRANT SELECT ON ticketing.request_tickets TO ticketing_app, ticketing_worker, ticketing_readonly;
-- Not the state, a claim or the version: a request starts where every request starts.
GRANT INSERT (
    tenant_id, id, created_by, priority, tags, description, dest_path
) ON ticketing.request_tickets TO ticketing_app, ticketing_worker;
-- The times and the number of the claim are the trigger's alone.
GRANT UPDATE (
    state, priority, tags, description, dest_path, claimed_by, claimed_until, cancelled_by,
    cancel_reason, error
) ON ticketing.request_tickets TO ticketing_app, ticketing_worker;
