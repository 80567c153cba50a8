CREATE TABLE ticketing.tenants (
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    slug text NOT NULL,
    name text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    settings jsonb NOT NULL DEFAULT '{}'::jsonb,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_tenants PRIMARY KEY (id),
    CONSTRAINT uq_tenants_slug UNIQUE (slug),
    CONSTRAINT chk_tenants_status CHECK (status IN ('active', 'suspended', 'closed')),
    CONSTRAINT chk_tenants_slug CHECK (slug = lower(slug) AND length(slug) BETWEEN 1 AND 63)
);

ALTER TABLE ticketing.tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.tenants FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.tenants IS
    'One row is one tenant of the platform, a local copy of the auth service''s row. Written by '
    'ticketing_worker as the owner''s messages arrive and never by hand, because a local edit is '
    'lost with the next message. A tenant is closed by status, not deleted: every other table '
    'refers to it.';
COMMENT ON COLUMN ticketing.tenants.id IS
    'Identifier given by the auth service, unique on the platform; every other table carries it '
    'as tenant_id.';
COMMENT ON COLUMN ticketing.tenants.slug IS
    'Short lower-case handle of the tenant for addresses and logs, 1 to 63 characters, unique on '
    'the platform; the owner may change it.';
COMMENT ON COLUMN ticketing.tenants.name IS
    'Name of the tenant for people; need not be unique.';
COMMENT ON COLUMN ticketing.tenants.status IS
    'State at the owner: active (works normally), suspended (stopped for now), closed (ended; the '
    'data stays).';
COMMENT ON COLUMN ticketing.tenants.settings IS
    'Defaults of this tenant as a JSON object: life of a reservation, check-in window, window for '
    'repeated scans, mode of the spending windows. Empty means no default of its own.';
COMMENT ON COLUMN ticketing.tenants.version IS
    'Version of the row at its owner; a replica accepts only a higher one.';
COMMENT ON COLUMN ticketing.tenants.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.tenants.updated_at IS
    'When the owner''s latest accepted version arrived.';
COMMENT ON CONSTRAINT pk_tenants ON ticketing.tenants IS
    'One row per tenant; its id is what every tenant_id and app.current_tenant_id name.';
COMMENT ON CONSTRAINT uq_tenants_slug ON ticketing.tenants IS
    'A slug names one tenant on the whole platform, closed ones included.';
COMMENT ON CONSTRAINT chk_tenants_status ON ticketing.tenants IS
    'The status is one of active, suspended and closed; a new state at the owner needs a '
    'migration first.';
COMMENT ON CONSTRAINT chk_tenants_slug ON ticketing.tenants IS
    'A slug is lower case and 1 to 63 characters long, so that two tenants never differ by case '
    'alone.';

GRANT SELECT ON ticketing.tenants TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.tenants TO ticketing_worker;
GRANT UPDATE (
    slug, name, status, settings, version
) ON ticketing.tenants TO ticketing_worker;
