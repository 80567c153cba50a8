CREATE OR REPLACE FUNCTION ticketing.largest_zone_hold(
    p_zone_id uuid
)
RETURNS integer
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_room integer;
BEGIN
    -- enable_seqscan is off above so that counters are found by their newest epoch, never by a
    -- scan over the dead versions of a small but busy table; and the plan is generic, because one
    -- for this moment may take little to be overdue anywhere, and read that of all tenants.
    SELECT max(i.available_quantity + coalesce(o.quantity, 0))::integer
    INTO v_room
    FROM ticketing.zones AS z
    CROSS JOIN LATERAL generate_series(0, z.bucket_count - 1) AS g (bucket)
    CROSS JOIN LATERAL (
        SELECT c.available_quantity
        FROM ticketing.zone_inventory AS c
        WHERE c.tenant_id = v_tenant_id AND c.zone_id = p_zone_id AND c.bucket = g.bucket
        ORDER BY c.epoch DESC
        LIMIT 1
    ) AS i
    LEFT JOIN (
        SELECT h.bucket_no, sum(h.quantity) AS quantity
        FROM ticketing.holds AS h
        WHERE
            h.tenant_id = v_tenant_id
            AND h.zone_id = p_zone_id
            AND h.status = 'active'
            AND h.expires_at <= v_now
        GROUP BY h.bucket_no
    ) AS o ON g.bucket = o.bucket_no
    WHERE z.tenant_id = v_tenant_id AND z.id = p_zone_id;

    RETURN v_room;
END;
$function$;

COMMENT ON FUNCTION ticketing.largest_zone_hold(uuid) IS
    'How many places one hold could take in a zone at this moment, overdue holds counted as given '
    'back; NULL for a zone that the tenant does not have. Looks without a lock, so create_hold '
    'decides. In a zone of several buckets it may be less than what is free in all.';

GRANT EXECUTE ON FUNCTION ticketing.largest_zone_hold(uuid)
TO ticketing_app, ticketing_worker, ticketing_readonly;
