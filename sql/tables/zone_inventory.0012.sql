CREATE TABLE ticketing.zone_inventory (
    tenant_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    bucket smallint NOT NULL DEFAULT 0,
    epoch bigint NOT NULL DEFAULT 1,
    updates integer NOT NULL DEFAULT 0,
    capacity integer NOT NULL,
    held_quantity integer NOT NULL DEFAULT 0,
    confirmed_quantity integer NOT NULL DEFAULT 0,
    available_quantity integer GENERATED ALWAYS AS (
        capacity - held_quantity - confirmed_quantity
    ) STORED,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_zone_inventory PRIMARY KEY (tenant_id, zone_id, bucket, epoch),
    CONSTRAINT fk_zone_inventory_zone_id FOREIGN KEY (tenant_id, zone_id)
        REFERENCES ticketing.zones (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT chk_zone_inventory_counters CHECK (
        held_quantity >= 0
        AND confirmed_quantity >= 0
        AND available_quantity >= 0
    ),
    CONSTRAINT chk_zone_inventory_bucket CHECK (bucket BETWEEN 0 AND 63),
    CONSTRAINT chk_zone_inventory_epoch CHECK (epoch >= 1 AND updates >= 0)
)
WITH (fillfactor = 50);

ALTER TABLE ticketing.zone_inventory ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.zone_inventory FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.zone_inventory IS
    'The counters of a zone, one row a bucket: the contended rows of a sale, referenced by nothing '
    'and touched last. Made with the zone; they move only through move_zone_inventory, together '
    'with the hold that they count. Half of each page stays free and no further index exists, so '
    'that updates stay in place.';
COMMENT ON COLUMN ticketing.zone_inventory.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.zone_inventory.zone_id IS
    'The zone whose places are counted.';
COMMENT ON COLUMN ticketing.zone_inventory.bucket IS
    'Which part of the zone, from 0 to bucket_count - 1; a hold gives back to the part it took '
    'from.';
COMMENT ON COLUMN ticketing.zone_inventory.epoch IS
    'Raised by one after every 500 moves. The new key value starts a new chain of row versions, so '
    'a forgotten transaction or a long report elsewhere cannot slow the sale down.';
COMMENT ON COLUMN ticketing.zone_inventory.updates IS
    'Moves since the epoch began.';
COMMENT ON COLUMN ticketing.zone_inventory.capacity IS
    'Places of this part; those of all parts add up to zones.capacity.';
COMMENT ON COLUMN ticketing.zone_inventory.held_quantity IS
    'Places in active holds, overdue ones included until somebody expires them.';
COMMENT ON COLUMN ticketing.zone_inventory.confirmed_quantity IS
    'Places in confirmed holds.';
COMMENT ON COLUMN ticketing.zone_inventory.available_quantity IS
    'What can still be held without expiring anything; computed from the other three, so it cannot '
    'drift.';
COMMENT ON COLUMN ticketing.zone_inventory.updated_at IS
    'When a counter last moved.';
COMMENT ON CONSTRAINT pk_zone_inventory ON ticketing.zone_inventory IS
    'Finds the live row of a bucket by its highest epoch without visiting the versions of older '
    'ones.';
COMMENT ON CONSTRAINT fk_zone_inventory_zone_id ON ticketing.zone_inventory IS
    'The zone belongs to the same tenant; the counters go when it is deleted.';
COMMENT ON CONSTRAINT chk_zone_inventory_counters ON ticketing.zone_inventory IS
    'The last line against overselling: nothing is given back that was not taken, and held and '
    'confirmed never exceed the capacity.';
COMMENT ON CONSTRAINT chk_zone_inventory_bucket ON ticketing.zone_inventory IS
    'Buckets count from 0, as many as a zone may have.';
COMMENT ON CONSTRAINT chk_zone_inventory_epoch ON ticketing.zone_inventory IS
    'Epochs count from one, moves within an epoch from zero.';

GRANT SELECT ON ticketing.zone_inventory
TO ticketing_app, ticketing_worker, ticketing_readonly;
