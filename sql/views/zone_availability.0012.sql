CREATE OR REPLACE VIEW ticketing.zone_availability
WITH (security_invoker = TRUE) AS
SELECT
    z.tenant_id,
    z.event_id,
    z.id AS zone_id,
    z.name,
    z.capacity,
    i.confirmed AS confirmed_quantity,
    o.overdue AS overdue_quantity,
    i.held - o.overdue AS held_quantity,
    i.available + o.overdue AS available_quantity
FROM ticketing.zones AS z
CROSS JOIN LATERAL (
    SELECT
        sum(c.held_quantity) AS held,
        sum(c.confirmed_quantity) AS confirmed,
        sum(c.available_quantity) AS available
    FROM ticketing.zone_inventory AS c
    WHERE c.tenant_id = z.tenant_id AND c.zone_id = z.id
) AS i
CROSS JOIN LATERAL (
    SELECT coalesce(sum(h.quantity), 0) AS overdue
    FROM ticketing.holds AS h
    WHERE
        h.tenant_id = z.tenant_id
        AND h.zone_id = z.id
        AND h.status = 'active'
        AND h.expires_at <= (SELECT clock_timestamp())
) AS o;

COMMENT ON VIEW ticketing.zone_availability IS
    'Zones with what is taken and free at this moment, one row a zone, under the reader''s own row '
    'level security. Overdue holds count as free, whether or not a sweeper has come by.';
COMMENT ON COLUMN ticketing.zone_availability.tenant_id IS
    'Tenant that owns the row; a reader sees those of their own alone.';
COMMENT ON COLUMN ticketing.zone_availability.event_id IS
    'Event that a place of the zone admits to.';
COMMENT ON COLUMN ticketing.zone_availability.zone_id IS
    'Area of the event, as in zones.';
COMMENT ON COLUMN ticketing.zone_availability.name IS
    'Name of the zone as buyers see it.';
COMMENT ON COLUMN ticketing.zone_availability.capacity IS
    'Places in all.';
COMMENT ON COLUMN ticketing.zone_availability.held_quantity IS
    'Places in active holds that can still be confirmed.';
COMMENT ON COLUMN ticketing.zone_availability.confirmed_quantity IS
    'Places in confirmed holds.';
COMMENT ON COLUMN ticketing.zone_availability.overdue_quantity IS
    'Places in overdue holds, which the next request without room takes over.';
COMMENT ON COLUMN ticketing.zone_availability.available_quantity IS
    'What can still be held, overdue places included; a single hold may find less in a zone with '
    'several buckets, see largest_zone_hold.';

GRANT SELECT ON ticketing.zone_availability
TO ticketing_app, ticketing_worker, ticketing_readonly;
