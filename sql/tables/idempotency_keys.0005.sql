CREATE TABLE ticketing.idempotency_keys (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    idempotency_key text NOT NULL,
    operation text NOT NULL,
    user_id uuid,
    request_hash text NOT NULL,
    status text NOT NULL DEFAULT 'processing',
    recovery_point text NOT NULL DEFAULT 'started',
    locked_at timestamptz,
    locked_by text,
    lock_expires_at timestamptz,
    attempt_count integer NOT NULL DEFAULT 1,
    response_status integer,
    response_headers jsonb,
    response_body jsonb,
    resource_id uuid,
    resource_type text,
    client_ip inet,
    user_agent text,
    request_id text,
    last_run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    completed_at timestamptz,
    completed_by text,
    expires_at timestamptz NOT NULL DEFAULT (clock_timestamp() + interval '24 hours'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_idempotency_tenant_key_operation
    UNIQUE (tenant_id, idempotency_key, operation),
    CONSTRAINT fk_idempotency_keys_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT chk_idempotency_status CHECK (status IN ('processing', 'completed', 'failed')),
    CONSTRAINT chk_idempotency_key_length CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    CONSTRAINT chk_idempotency_operation_length CHECK (length(operation) BETWEEN 1 AND 255),
    -- Length and alphabet apart: one pattern with a counted repeat takes eight times as long.
    CONSTRAINT chk_idempotency_hash CHECK (
        length(request_hash) = 64
        AND request_hash !~ '[^0-9a-f]'
    ),
    CONSTRAINT chk_idempotency_recovery_point CHECK (length(recovery_point) BETWEEN 1 AND 100),
    CONSTRAINT chk_idempotency_attempts CHECK (attempt_count >= 1),
    CONSTRAINT chk_idempotency_lock CHECK (
        (locked_by IS NULL) = (lock_expires_at IS NULL)
        AND (locked_at IS NULL) = (lock_expires_at IS NULL)
        AND (status = 'processing' OR locked_by IS NULL)
    ),
    CONSTRAINT chk_idempotency_completed CHECK (
        (status = 'completed') = (completed_at IS NOT NULL)
        AND (status <> 'completed' OR response_status IS NOT NULL)
    ),
    CONSTRAINT chk_idempotency_completed_by CHECK (completed_by IS NULL OR status = 'completed'),
    CONSTRAINT chk_idempotency_response_status CHECK (
        response_status IS NULL
        OR response_status BETWEEN 100 AND 599
    ),
    CONSTRAINT chk_idempotency_expiry CHECK (expires_at > created_at)
);

CREATE INDEX idx_idempotency_expires
    ON ticketing.idempotency_keys (expires_at);
CREATE INDEX idx_idempotency_stuck
    ON ticketing.idempotency_keys (lock_expires_at)
    WHERE status = 'processing';

ALTER TABLE ticketing.idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.idempotency_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.idempotency_keys IS
    'One row is one request that must run once, however often its client sends it: who runs it '
    'now, and what was answered. Written by the functions acquire_idempotency_key and those that '
    'end what it began; not by hand, since a status set by hand lets a request run twice. Holds '
    'what was answered, so personal data. Rows leave after expires_at by '
    'cleanup_expired_idempotency_keys.';
COMMENT ON COLUMN ticketing.idempotency_keys.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.idempotency_keys.id IS
    'Random identifier, unique inside the tenant. Stays the same through every attempt of the '
    'request, and is another one when the key is used anew after expires_at: derive from it the '
    'keys of calls to other services.';
COMMENT ON COLUMN ticketing.idempotency_keys.idempotency_key IS
    'Key that the client chose, 1 to 255 characters, compared byte for byte.';
COMMENT ON COLUMN ticketing.idempotency_keys.operation IS
    'What the key is for, such as the route; the same key with another operation is another '
    'request.';
COMMENT ON COLUMN ticketing.idempotency_keys.user_id IS
    'Principal of the request; nobody else gets its answer. NULL when a service or a guest asked: '
    'all of those are one principal, so what tells guests apart belongs into request_hash. No '
    'foreign key, since a principal may be unknown here.';
COMMENT ON COLUMN ticketing.idempotency_keys.request_hash IS
    'SHA-256 of the canonical request (method, route, sorted body, principal) in lower-case '
    'hexadecimal; the same key with another hash is refused as a mismatch.';
COMMENT ON COLUMN ticketing.idempotency_keys.status IS
    'State of the request: processing (being run, or free to be taken over once the lease is over '
    'or given back), completed (answered; the answer is replayed), failed (may be tried again).';
COMMENT ON COLUMN ticketing.idempotency_keys.recovery_point IS
    'Last phase of the work that was committed, in words of the service; the next attempt goes on '
    'from there. started before the first one.';
COMMENT ON COLUMN ticketing.idempotency_keys.locked_at IS
    'When the present holder took the request; NULL when nobody holds it.';
COMMENT ON COLUMN ticketing.idempotency_keys.locked_by IS
    'Token of the present holder: the name it gave, a colon and a random uuid, fresh with each '
    'attempt. Without it nothing can be written to the row. NULL when nobody holds it.';
COMMENT ON COLUMN ticketing.idempotency_keys.lock_expires_at IS
    'End of the lease: from then on another caller may take the request over. NULL when nobody '
    'holds it, which is as good as over.';
COMMENT ON COLUMN ticketing.idempotency_keys.attempt_count IS
    'How often the work was begun; far above 1 points at a request that kills its worker.';
COMMENT ON COLUMN ticketing.idempotency_keys.response_status IS
    'HTTP status of the stored answer, 100 to 599; NULL until completed.';
COMMENT ON COLUMN ticketing.idempotency_keys.response_headers IS
    'Headers to be replayed with the answer; NULL when none were kept.';
COMMENT ON COLUMN ticketing.idempotency_keys.response_body IS
    'Body of the stored answer; NULL until completed, and for an empty answer. Personal data.';
COMMENT ON COLUMN ticketing.idempotency_keys.resource_id IS
    'What the request made, such as an order; NULL when it made nothing. No foreign key.';
COMMENT ON COLUMN ticketing.idempotency_keys.resource_type IS
    'Kind of what resource_id names; NULL when there is none.';
COMMENT ON COLUMN ticketing.idempotency_keys.client_ip IS
    'Address from which the latest attempt came; NULL when not given. Personal data.';
COMMENT ON COLUMN ticketing.idempotency_keys.user_agent IS
    'Program from which the latest attempt came, the first 512 characters; NULL when not given.';
COMMENT ON COLUMN ticketing.idempotency_keys.request_id IS
    'Id under which the latest attempt is logged, the first 255 characters; NULL when not given.';
COMMENT ON COLUMN ticketing.idempotency_keys.last_run_at IS
    'When the latest attempt began.';
COMMENT ON COLUMN ticketing.idempotency_keys.completed_at IS
    'When the answer was stored; set exactly when the status is completed, else NULL.';
COMMENT ON COLUMN ticketing.idempotency_keys.completed_by IS
    'Token of the holder that stored the answer, so that it may ask again after a lost reply and '
    'a holder that was overtaken may not pass for it. NULL until completed, and when the row was '
    'written once with its answer.';
COMMENT ON COLUMN ticketing.idempotency_keys.expires_at IS
    'Moment from which the key counts as never used, unless somebody holds it; at least 24 hours '
    'after the latest attempt began, was prolonged, or was answered.';
COMMENT ON COLUMN ticketing.idempotency_keys.created_at IS
    'When the key was first used, by the wall clock.';
COMMENT ON COLUMN ticketing.idempotency_keys.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_idempotency_keys ON ticketing.idempotency_keys IS
    'One row per request of a tenant.';
COMMENT ON CONSTRAINT uq_idempotency_tenant_key_operation ON ticketing.idempotency_keys IS
    'A key stands for one request of an operation; of two callers that meet, one gets the row and '
    'the other waits here until that is decided.';
COMMENT ON CONSTRAINT fk_idempotency_keys_tenant_id ON ticketing.idempotency_keys IS
    'Every key belongs to a known tenant; a tenant cannot be deleted while it has keys.';
COMMENT ON CONSTRAINT chk_idempotency_status ON ticketing.idempotency_keys IS
    'The status is one of the three states of a request.';
COMMENT ON CONSTRAINT chk_idempotency_key_length ON ticketing.idempotency_keys IS
    'A key is not empty and has at most 255 characters, so that it fits the index.';
COMMENT ON CONSTRAINT chk_idempotency_operation_length ON ticketing.idempotency_keys IS
    'An operation is not empty and has at most 255 characters, so that it fits the index.';
COMMENT ON CONSTRAINT chk_idempotency_hash ON ticketing.idempotency_keys IS
    'The hash is a SHA-256 in lower-case hexadecimal; another spelling of the same hash would '
    'pass for another request.';
COMMENT ON CONSTRAINT chk_idempotency_recovery_point ON ticketing.idempotency_keys IS
    'A recovery point has a name, of at most 100 characters.';
COMMENT ON CONSTRAINT chk_idempotency_attempts ON ticketing.idempotency_keys IS
    'A request was begun at least once.';
COMMENT ON CONSTRAINT chk_idempotency_lock ON ticketing.idempotency_keys IS
    'Token, start and end of a lease go together, and only a request that is being processed has '
    'them.';
COMMENT ON CONSTRAINT chk_idempotency_completed ON ticketing.idempotency_keys IS
    'Completed means that there is an answer and when it was stored; nothing else has that time.';
COMMENT ON CONSTRAINT chk_idempotency_completed_by ON ticketing.idempotency_keys IS
    'Only a completed request keeps the token of the one that completed it.';
COMMENT ON CONSTRAINT chk_idempotency_response_status ON ticketing.idempotency_keys IS
    'The stored status is one of HTTP.';
COMMENT ON CONSTRAINT chk_idempotency_expiry ON ticketing.idempotency_keys IS
    'A key is kept for some time after its first use; prevents rows that protect nothing.';
COMMENT ON INDEX ticketing.idx_idempotency_expires IS
    'Serves the clean-up: keys past their time, oldest first.';
COMMENT ON INDEX ticketing.idx_idempotency_stuck IS
    'Finds requests whose holder is overdue, longest first: what a completer runs again and a DBA '
    'looks at.';

GRANT SELECT ON ticketing.idempotency_keys TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT, DELETE ON ticketing.idempotency_keys TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    status, recovery_point, locked_at, locked_by, lock_expires_at, attempt_count,
    response_status, response_headers, response_body, resource_id, resource_type,
    client_ip, user_agent, request_id, last_run_at, completed_at, completed_by, expires_at
) ON ticketing.idempotency_keys TO ticketing_app, ticketing_worker;
