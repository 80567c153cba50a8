CREATE TABLE ticketing.events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    venue_id uuid,
    name text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    timezone text NOT NULL DEFAULT 'UTC',
    status text NOT NULL DEFAULT 'published',
    check_in_opens_before interval NOT NULL DEFAULT interval '4 hours',
    check_in_closes_after interval NOT NULL DEFAULT interval '2 hours',
    transfer_deadline_hours integer,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_events PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_events_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_events_venue_id FOREIGN KEY (tenant_id, venue_id)
        REFERENCES ticketing.venues (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_events_dates CHECK (starts_at <= ends_at),
    CONSTRAINT chk_events_status CHECK (
        status IN ('draft', 'published', 'postponed', 'cancelled', 'completed')
    ),
    CONSTRAINT chk_events_window CHECK (
        check_in_opens_before >= interval '0'
        AND check_in_closes_after >= interval '0'
    ),
    CONSTRAINT chk_events_transfer_deadline CHECK (
        transfer_deadline_hours IS NULL
        OR transfer_deadline_hours >= 0
    )
);

CREATE INDEX idx_events_venue_id
    ON ticketing.events (tenant_id, venue_id)
    WHERE venue_id IS NOT NULL;

ALTER TABLE ticketing.events ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.events FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.events IS
    'One row is one event of a tenant, a local copy from the event service. Written by '
    'ticketing_worker as messages arrive; never move dates or status by hand, because check-in '
    'follows them and the next message overwrites the edit. Events are kept after they end: '
    'ticket types and orders refer to them.';
COMMENT ON COLUMN ticketing.events.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.events.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.events.venue_id IS
    'Venue where the event takes place; NULL when there is none, as for an online event.';
COMMENT ON COLUMN ticketing.events.name IS
    'Name of the event for people; need not be unique.';
COMMENT ON COLUMN ticketing.events.starts_at IS
    'When the event begins; check-in opens check_in_opens_before earlier.';
COMMENT ON COLUMN ticketing.events.ends_at IS
    'When the event ends, never before starts_at; check-in closes check_in_closes_after later.';
COMMENT ON COLUMN ticketing.events.timezone IS
    'IANA time zone name such as Europe/Berlin, for showing local times of the event; stored '
    'moments are timestamptz and do not depend on it.';
COMMENT ON COLUMN ticketing.events.status IS
    'State at the owner: draft (not public), published, postponed (new date to come), cancelled '
    '(will not take place), completed (is over).';
COMMENT ON COLUMN ticketing.events.check_in_opens_before IS
    'How long before starts_at check-in opens; 4 hours unless the owner says otherwise, zero '
    'means at the start.';
COMMENT ON COLUMN ticketing.events.check_in_closes_after IS
    'How long after ends_at check-in closes; 2 hours unless the owner says otherwise, zero means '
    'at the end.';
COMMENT ON COLUMN ticketing.events.transfer_deadline_hours IS
    'Hours before starts_at at which transfers of tickets close; zero allows them until the '
    'start, NULL sets no deadline.';
COMMENT ON COLUMN ticketing.events.version IS
    'Version of the row at its owner; a replica accepts only a higher one.';
COMMENT ON COLUMN ticketing.events.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.events.updated_at IS
    'When the owner''s latest accepted version arrived.';
COMMENT ON CONSTRAINT pk_events ON ticketing.events IS
    'One row per event of a tenant.';
COMMENT ON CONSTRAINT fk_events_tenant_id ON ticketing.events IS
    'The event belongs to a known tenant, which cannot be deleted while it has events.';
COMMENT ON CONSTRAINT fk_events_venue_id ON ticketing.events IS
    'The venue belongs to the same tenant and cannot be deleted while events take place there.';
COMMENT ON CONSTRAINT chk_events_dates ON ticketing.events IS
    'An event does not end before it starts; equal moments are allowed.';
COMMENT ON CONSTRAINT chk_events_status ON ticketing.events IS
    'The status is one of draft, published, postponed, cancelled and completed.';
COMMENT ON CONSTRAINT chk_events_window ON ticketing.events IS
    'Neither margin of the check-in window is negative, so that the window always spans the whole '
    'event.';
COMMENT ON CONSTRAINT chk_events_transfer_deadline ON ticketing.events IS
    'The transfer deadline is absent or at least zero; a negative one would allow transfers after '
    'the start.';
COMMENT ON INDEX ticketing.idx_events_venue_id IS
    'Covers the foreign key to venues: finds the events at a venue.';

GRANT SELECT ON ticketing.events TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.events TO ticketing_worker;
GRANT UPDATE (
    venue_id, name, starts_at, ends_at, timezone, status, check_in_opens_before,
    check_in_closes_after, transfer_deadline_hours, version
) ON ticketing.events TO ticketing_worker;
