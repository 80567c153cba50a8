CREATE OR REPLACE FUNCTION ticketing.spread_zone_capacity()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- A bucket with a few free places refuses a group that the zone could take. Buckets are for
    -- the rush; what is left of a zone belongs together.
    c_least_free CONSTANT integer := 20;
    v_taken bigint;
    v_free integer;
    v_spread integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ticketing.zone_inventory (tenant_id, zone_id, bucket, capacity)
        SELECT NEW.tenant_id, NEW.id, g.bucket, 0
        FROM generate_series(0, NEW.bucket_count - 1) AS g (bucket);
    END IF;

    -- In one order for everybody; what is taken cannot change from here on.
    PERFORM
    FROM ticketing.zone_inventory AS i
    WHERE i.tenant_id = NEW.tenant_id AND i.zone_id = NEW.id
    ORDER BY i.bucket
    FOR UPDATE;

    SELECT sum(i.held_quantity + i.confirmed_quantity)
    INTO v_taken
    FROM ticketing.zone_inventory AS i
    WHERE i.tenant_id = NEW.tenant_id AND i.zone_id = NEW.id;

    IF NEW.capacity < v_taken THEN
        RAISE EXCEPTION 'capacity % is below the % already held or confirmed',
            NEW.capacity, v_taken
            USING
                ERRCODE = 'TK106',
                HINT = 'Release or expire holds first, or choose a higher capacity.';
    END IF;

    v_free := (NEW.capacity - v_taken)::integer;
    v_spread := greatest(1, least(NEW.bucket_count, v_free / c_least_free));

    UPDATE ticketing.zone_inventory AS i
    SET
        capacity = i.held_quantity
            + i.confirmed_quantity
            + CASE WHEN i.bucket < v_spread THEN v_free / v_spread ELSE 0 END
            + CASE WHEN i.bucket < v_free % v_spread THEN 1 ELSE 0 END,
        updated_at = clock_timestamp()
    WHERE i.tenant_id = NEW.tenant_id AND i.zone_id = NEW.id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.spread_zone_capacity() IS
    'AFTER trigger of zones, for a new zone and a changed capacity: makes the counters and divides '
    'what is free among the buckets, at least 20 places to each that gets any. Raises TK106 below '
    'what is taken. SECURITY DEFINER because no other role may write counters; it touches only '
    'those of the zone that fired it.';
