CREATE OR REPLACE VIEW ticketing.zone_inventory_drift
WITH (security_invoker = TRUE) AS
WITH counted AS (
    SELECT
        h.tenant_id,
        h.zone_id,
        h.bucket_no AS bucket,
        coalesce(sum(h.quantity) FILTER (WHERE h.status = 'active'), 0) AS held,
        coalesce(sum(h.quantity) FILTER (WHERE h.status = 'confirmed'), 0) AS confirmed
    FROM ticketing.holds AS h
    GROUP BY h.tenant_id, h.zone_id, h.bucket_no
),

-- A background job sees overdue holds of every tenant, but the zones of its own alone.
shown AS (
    SELECT
        c.tenant_id,
        c.zone_id,
        c.bucket,
        c.held,
        c.confirmed
    FROM counted AS c
    INNER JOIN ticketing.zones AS z ON c.tenant_id = z.tenant_id AND c.zone_id = z.id
),

counters AS (
    SELECT
        i.tenant_id,
        i.zone_id,
        i.bucket,
        i.held_quantity,
        i.confirmed_quantity,
        z.capacity AS zone_capacity,
        sum(i.capacity) OVER (PARTITION BY i.tenant_id, i.zone_id) AS bucket_capacity
    FROM ticketing.zone_inventory AS i
    INNER JOIN ticketing.zones AS z ON i.tenant_id = z.tenant_id AND i.zone_id = z.id
)

SELECT
    i.held_quantity,
    i.confirmed_quantity,
    i.zone_capacity,
    i.bucket_capacity,
    coalesce(i.tenant_id, h.tenant_id) AS tenant_id,
    coalesce(i.zone_id, h.zone_id) AS zone_id,
    coalesce(i.bucket, h.bucket) AS bucket,
    coalesce(h.held, 0) AS held_rows,
    coalesce(h.confirmed, 0) AS confirmed_rows
FROM counters AS i
FULL JOIN shown AS h
    ON i.tenant_id = h.tenant_id AND i.zone_id = h.zone_id AND i.bucket = h.bucket
WHERE
    (i.held_quantity, i.confirmed_quantity, i.bucket_capacity)
    IS DISTINCT FROM (coalesce(h.held, 0), coalesce(h.confirmed, 0), i.zone_capacity);

COMMENT ON VIEW ticketing.zone_inventory_drift IS
    'Buckets of zones whose counters differ from the holds that they count, or that do not add up '
    'to the capacity of their zone. Always empty; a row means that somebody went round the '
    'triggers. Ask with a tenant set, or as a superuser: where row level security hides rows it '
    'says too little, and as ticketing_owner too much. Reads every hold of the tenant, so run it '
    'in quiet hours.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.tenant_id IS
    'Tenant that owns the row; a reader sees those of their own alone.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.zone_id IS
    'The zone whose counters are off.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.bucket IS
    'The bucket whose counters are off.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.held_quantity IS
    'What the bucket counts as held; NULL when holds name a bucket that has none.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.held_rows IS
    'What the active holds add up to.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.confirmed_quantity IS
    'What the bucket counts as confirmed; NULL when holds name a bucket that has none.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.confirmed_rows IS
    'What the confirmed holds add up to.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.bucket_capacity IS
    'Sum over the buckets of the zone; it ought to equal zone_capacity.';
COMMENT ON COLUMN ticketing.zone_inventory_drift.zone_capacity IS
    'What zones.capacity promises to buyers.';

GRANT SELECT ON ticketing.zone_inventory_drift
TO ticketing_app, ticketing_worker, ticketing_readonly;
