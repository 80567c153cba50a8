CREATE TABLE ticketing.venues (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    name text NOT NULL,
    created_by uuid,
    timezone text NOT NULL DEFAULT 'UTC',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_venues PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_venues_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_venues_created_by FOREIGN KEY (tenant_id, created_by)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT
);

CREATE INDEX idx_venues_created_by
    ON ticketing.venues (tenant_id, created_by)
    WHERE created_by IS NOT NULL;

ALTER TABLE ticketing.venues ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.venues FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.venues IS
    'One row is one venue of a tenant, a local copy from the venue service. Written by '
    'ticketing_worker as messages arrive; a change by hand is lost with the next message and may '
    'let the wrong user see the tickets of the venue. Few rows, never deleted.';
COMMENT ON COLUMN ticketing.venues.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.venues.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.venues.name IS
    'Name of the venue for people; need not be unique.';
COMMENT ON COLUMN ticketing.venues.created_by IS
    'User who owns the venue; decides which venue owner may see the tickets of its events. NULL '
    'when the venue has no owner here, so no venue owner sees them.';
COMMENT ON COLUMN ticketing.venues.timezone IS
    'IANA time zone name such as Europe/Berlin, for showing local times at the venue; stored '
    'moments are timestamptz and do not depend on it.';
COMMENT ON COLUMN ticketing.venues.version IS
    'Version of the row at its owner; a replica accepts only a higher one.';
COMMENT ON COLUMN ticketing.venues.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.venues.updated_at IS
    'When the owner''s latest accepted version arrived.';
COMMENT ON CONSTRAINT pk_venues ON ticketing.venues IS
    'One row per venue of a tenant.';
COMMENT ON CONSTRAINT fk_venues_tenant_id ON ticketing.venues IS
    'The venue belongs to a known tenant, which cannot be deleted while it has venues.';
COMMENT ON CONSTRAINT fk_venues_created_by ON ticketing.venues IS
    'The owner is a user of the same tenant and cannot be deleted while the venue names them.';
COMMENT ON INDEX ticketing.idx_venues_created_by IS
    'Covers the foreign key to users: finds the venues that a user owns, as the venue owner '
    'policy on tickets does.';

GRANT SELECT ON ticketing.venues TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.venues TO ticketing_worker;
GRANT UPDATE (
    name, created_by, timezone, version
) ON ticketing.venues TO ticketing_worker;
