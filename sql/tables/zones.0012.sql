CREATE TABLE ticketing.zones (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid NOT NULL,
    name text NOT NULL,
    capacity integer NOT NULL,
    bucket_count integer NOT NULL DEFAULT 1,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_zones PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_zones_event_name UNIQUE (tenant_id, event_id, name),
    CONSTRAINT uq_zones_event_id UNIQUE (tenant_id, event_id, id),
    CONSTRAINT fk_zones_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_zones_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_zones_name CHECK (length(name) BETWEEN 1 AND 255),
    CONSTRAINT chk_zones_capacity_positive CHECK (capacity > 0),
    CONSTRAINT chk_zones_buckets CHECK (bucket_count BETWEEN 1 AND 64)
);

ALTER TABLE ticketing.zones ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.zones FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.zones IS
    'One row is one area of an event that is sold without seats. The row says what the zone is; '
    'how much of it is taken stands in zone_inventory, which is made with it, so that a sale never '
    'writes here.';
COMMENT ON COLUMN ticketing.zones.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.zones.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.zones.event_id IS
    'Event that the zone admits to; fixed at insert.';
COMMENT ON COLUMN ticketing.zones.name IS
    'Name of the zone as buyers see it, 1 to 255 characters, unique inside the event.';
COMMENT ON COLUMN ticketing.zones.capacity IS
    'Places in all. A change is spread over the counters by trigger and refused below what is '
    'taken.';
COMMENT ON COLUMN ticketing.zones.bucket_count IS
    'Counter rows among which the places are divided, 1 to 64; fixed at insert. More than one lets '
    'as many holds be taken at the same moment where a disk is slow to flush; a single hold must '
    'then fit into one of them.';
COMMENT ON COLUMN ticketing.zones.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.zones.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.zones.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_zones ON ticketing.zones IS
    'One row per zone of a tenant.';
COMMENT ON CONSTRAINT uq_zones_event_name ON ticketing.zones IS
    'A name means one zone of an event, so that a repeated set-up makes no second one to sell.';
COMMENT ON CONSTRAINT uq_zones_event_id ON ticketing.zones IS
    'Lets holds refer to zone and event together, so that the two cannot disagree.';
COMMENT ON CONSTRAINT fk_zones_tenant_id ON ticketing.zones IS
    'The zone belongs to a known tenant, which cannot be deleted while it has zones.';
COMMENT ON CONSTRAINT fk_zones_event_id ON ticketing.zones IS
    'The event belongs to the same tenant and cannot be deleted while it has zones.';
COMMENT ON CONSTRAINT chk_zones_name ON ticketing.zones IS
    'A zone has a name that a buyer can read.';
COMMENT ON CONSTRAINT chk_zones_capacity_positive ON ticketing.zones IS
    'A zone has at least one place.';
COMMENT ON CONSTRAINT chk_zones_buckets ON ticketing.zones IS
    'One counter row up to 64; with more, looking for room costs more than waiting would.';

GRANT SELECT ON ticketing.zones TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.zones TO ticketing_app, ticketing_worker;
GRANT UPDATE (name, capacity) ON ticketing.zones TO ticketing_app, ticketing_worker;
