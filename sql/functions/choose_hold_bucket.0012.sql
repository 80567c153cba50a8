CREATE OR REPLACE FUNCTION ticketing.choose_hold_bucket()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_bucket record;
BEGIN
    -- Row level security refuses such a row later; until then nothing of that tenant is touched.
    IF NEW.tenant_id IS DISTINCT FROM ticketing.current_tenant_id() THEN
        NEW.bucket_no := 0::smallint;
        RETURN NEW;
    END IF;

    -- A look without a lock, in random order, overdue holds counted as given back but last; then
    -- the first bucket that nobody else is at.
    FOR v_bucket IN
        SELECT
            g.bucket::smallint AS number,
            i.epoch
        FROM ticketing.zones AS z
        CROSS JOIN LATERAL generate_series(0, z.bucket_count - 1) AS g (bucket)
        CROSS JOIN LATERAL (
            SELECT
                c.epoch,
                c.available_quantity
            FROM ticketing.zone_inventory AS c
            WHERE c.tenant_id = z.tenant_id AND c.zone_id = z.id AND c.bucket = g.bucket
            ORDER BY c.epoch DESC
            LIMIT 1
        ) AS i
        LEFT JOIN (
            SELECT h.bucket_no, sum(h.quantity) AS quantity
            FROM ticketing.holds AS h
            WHERE
                h.tenant_id = NEW.tenant_id
                AND h.zone_id = NEW.zone_id
                AND h.status = 'active'
                AND h.expires_at <= v_now
            GROUP BY h.bucket_no
        ) AS o ON g.bucket = o.bucket_no
        WHERE
            z.tenant_id = NEW.tenant_id
            AND z.id = NEW.zone_id
            AND i.available_quantity + coalesce(o.quantity, 0) >= NEW.quantity
        ORDER BY i.available_quantity >= NEW.quantity DESC, random()
    LOOP
        NEW.bucket_no := coalesce(NEW.bucket_no, v_bucket.number);

        PERFORM
        FROM ticketing.zone_inventory AS i
        WHERE
            i.tenant_id = NEW.tenant_id
            AND i.zone_id = NEW.zone_id
            AND i.bucket = v_bucket.number
            AND i.epoch = v_bucket.epoch
        FOR UPDATE SKIP LOCKED;

        IF FOUND THEN
            NEW.bucket_no := v_bucket.number;
            RETURN NEW;
        END IF;
    END LOOP;

    -- Where others are at all of them, the first is waited for, and where there is no room, bucket 0
    -- will say so. Here and not after the insert: whoever has a counter may be about to insert the
    -- same idempotency key, and would wait for this row while this row waits for the counter.
    NEW.bucket_no := coalesce(NEW.bucket_no, 0::smallint);

    PERFORM
    FROM ticketing.zone_inventory AS i
    WHERE i.tenant_id = NEW.tenant_id AND i.zone_id = NEW.zone_id AND i.bucket = NEW.bucket_no
    ORDER BY i.epoch DESC
    LIMIT 1
    FOR UPDATE;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.choose_hold_bucket() IS
    'BEFORE INSERT trigger of holds, for one that names no bucket: chooses one with room that '
    'nobody else is at, and locks it. SECURITY DEFINER because no other role may lock counters; it '
    'touches only the zone of the row, and only for the tenant of the transaction.';
