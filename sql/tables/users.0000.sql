CREATE TABLE ticketing.users (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    email text,
    role text NOT NULL DEFAULT 'user',
    status text NOT NULL DEFAULT 'active',
    ticket_purchase_count integer NOT NULL DEFAULT 0,
    events_attended integer NOT NULL DEFAULT 0,
    total_spent_cents bigint NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_users PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_users_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT chk_users_email_lower CHECK (email IS NULL OR email = lower(email)),
    CONSTRAINT chk_users_role CHECK (
        role IN ('user', 'staff', 'scanner', 'venue_owner', 'admin', 'superadmin')
    ),
    CONSTRAINT chk_users_status CHECK (status IN ('active', 'blocked', 'deleted')),
    CONSTRAINT chk_users_counts CHECK (
        ticket_purchase_count >= 0
        AND events_attended >= 0
        AND total_spent_cents >= 0
    )
);

CREATE UNIQUE INDEX uq_users_tenant_email
    ON ticketing.users (tenant_id, email)
    WHERE email IS NOT NULL;

ALTER TABLE ticketing.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.users FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.users IS
    'One row is one user as one tenant sees them, a local copy from the auth service; a person '
    'known to several tenants has a row in each. Written by ticketing_worker as messages arrive, '
    'except the three counters, which triggers keep here; never edit either by hand. Rows are not '
    'deleted: a removed account turns to status deleted.';
COMMENT ON COLUMN ticketing.users.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.users.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.users.email IS
    'Address in lower case, unique inside the tenant; NULL when the owner has none or the user '
    'was erased.';
COMMENT ON COLUMN ticketing.users.role IS
    'Role at the owner: user (buyer), staff, scanner (works a gate), venue_owner, admin (of this '
    'tenant), superadmin. No value opens the rows of another tenant.';
COMMENT ON COLUMN ticketing.users.status IS
    'State at the owner: active, blocked (barred, may be lifted), deleted (account gone; the row '
    'stays for its orders and tickets).';
COMMENT ON COLUMN ticketing.users.ticket_purchase_count IS
    'Number of tickets that became this user''s by a sale; counted here by '
    'update_user_ticket_stats, not sent by the owner.';
COMMENT ON COLUMN ticketing.users.events_attended IS
    'Number of events to which this user was admitted; counted here by '
    'update_user_events_attended, not sent by the owner.';
COMMENT ON COLUMN ticketing.users.total_spent_cents IS
    'Sum paid for the purchased tickets in minor units, kept here by update_user_ticket_stats. It '
    'carries no currency, so read it only where the tenant sells in one.';
COMMENT ON COLUMN ticketing.users.version IS
    'Version of the row at its owner; a replica accepts only a higher one.';
COMMENT ON COLUMN ticketing.users.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.users.updated_at IS
    'When the owner''s latest accepted version arrived.';
COMMENT ON CONSTRAINT pk_users ON ticketing.users IS
    'One row per user of a tenant.';
COMMENT ON CONSTRAINT fk_users_tenant_id ON ticketing.users IS
    'The user belongs to a known tenant, which cannot be deleted while it has users.';
COMMENT ON CONSTRAINT chk_users_email_lower ON ticketing.users IS
    'An email is stored in lower case, so that its unique index also catches addresses that '
    'differ by case alone.';
COMMENT ON CONSTRAINT chk_users_role ON ticketing.users IS
    'The role is one of the six known ones; a new role at the owner needs a migration first.';
COMMENT ON CONSTRAINT chk_users_status ON ticketing.users IS
    'The status is one of active, blocked and deleted.';
COMMENT ON CONSTRAINT chk_users_counts ON ticketing.users IS
    'No counter falls below zero; a violation means that something was subtracted without having '
    'been added.';
COMMENT ON INDEX ticketing.uq_users_tenant_email IS
    'Keeps an email unique inside the tenant and serves the search for a user by email; users '
    'without an email are left out.';

GRANT SELECT ON ticketing.users TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT (
    tenant_id, id, email, role, status, version, created_at, updated_at
) ON ticketing.users TO ticketing_worker;
GRANT UPDATE (
    email, role, status, version
) ON ticketing.users TO ticketing_worker;
