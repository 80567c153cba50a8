CREATE TABLE ticketing.tenant_access_violations (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempted_tenant_id uuid,
    actual_tenant_id uuid,
    table_name text,
    operation text,
    user_id uuid,
    user_name text NOT NULL DEFAULT session_user,
    client_addr inet,
    application_name text,
    details jsonb NOT NULL DEFAULT '{}'::jsonb,
    CONSTRAINT pk_tenant_access_violations PRIMARY KEY (id),
    CONSTRAINT chk_tenant_violations_operation CHECK (
        operation IS NULL
        OR operation IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CONTEXT')
    ),
    CONSTRAINT chk_tenant_violations_table_name CHECK (length(table_name) <= 127),
    CONSTRAINT chk_tenant_violations_details CHECK (
        jsonb_typeof(details) = 'object'
        AND octet_length(details::text) <= 8192
    )
);

CREATE INDEX idx_tenant_violations_occurred_at
    ON ticketing.tenant_access_violations (occurred_at DESC);

ALTER TABLE ticketing.tenant_access_violations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.tenant_access_violations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.tenant_access_violations IS
    'One row is one reported attempt of a service to reach another tenant. Written by '
    'log_tenant_violation() and in no other way, append-only. Not a tenant table, since a row '
    'concerns two tenants and perhaps one that does not exist: no tenant may read it, only '
    'ticketing_worker, the platform''s own role. A transaction that is rolled back takes its row '
    'along; the server log keeps a line of every report.';
COMMENT ON COLUMN ticketing.tenant_access_violations.id IS
    'Random identifier; the line in the server log carries it too.';
COMMENT ON COLUMN ticketing.tenant_access_violations.occurred_at IS
    'When the attempt was reported, by the wall clock.';
COMMENT ON COLUMN ticketing.tenant_access_violations.attempted_tenant_id IS
    'Tenant that was to be reached, as the service reports it; it need not exist, so there is no '
    'foreign key. NULL when it is not known.';
COMMENT ON COLUMN ticketing.tenant_access_violations.actual_tenant_id IS
    'Tenant that the service was entitled to, as it reports it, else the tenant of its '
    'transaction. NULL when there was neither.';
COMMENT ON COLUMN ticketing.tenant_access_violations.table_name IS
    'What was to be reached, as the service calls it, cut to 127 characters; NULL when it does not '
    'say.';
COMMENT ON COLUMN ticketing.tenant_access_violations.operation IS
    'SELECT, INSERT, UPDATE, DELETE, or CONTEXT when another tenant was to be set; NULL when '
    'another word or none was reported. The other word is in details.';
COMMENT ON COLUMN ticketing.tenant_access_violations.user_id IS
    'User of the transaction at that moment, from app.current_user_id; NULL when it had none.';
COMMENT ON COLUMN ticketing.tenant_access_violations.user_name IS
    'Login of the session, from the server; the session cannot choose it.';
COMMENT ON COLUMN ticketing.tenant_access_violations.client_addr IS
    'Address that the session came from, from the server: that of the proxy when there is one. '
    'NULL on a Unix socket.';
COMMENT ON COLUMN ticketing.tenant_access_violations.application_name IS
    'What the client calls itself; it may call itself anything.';
COMMENT ON COLUMN ticketing.tenant_access_violations.details IS
    'What else the service reports, as a JSON object of at most 8 kB. Larger details are replaced '
    'by their size in omitted_bytes.';
COMMENT ON CONSTRAINT pk_tenant_access_violations ON ticketing.tenant_access_violations IS
    'One row per reported attempt.';
COMMENT ON CONSTRAINT chk_tenant_violations_operation ON ticketing.tenant_access_violations IS
    'The operation is one of the five known words, or unknown.';
COMMENT ON CONSTRAINT chk_tenant_violations_table_name ON ticketing.tenant_access_violations IS
    'Room for a schema and a table name; bounds the size of a row.';
COMMENT ON CONSTRAINT chk_tenant_violations_details ON ticketing.tenant_access_violations IS
    'The details are an object and bounded, so that reports cannot be used to fill the disk.';
COMMENT ON INDEX ticketing.idx_tenant_violations_occurred_at IS
    'Serves an auditor''s look at the newest attempts, the limit of rows that a login may add in '
    'an hour, and retention.';

GRANT SELECT ON ticketing.tenant_access_violations TO ticketing_worker;
