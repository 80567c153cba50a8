CREATE OR REPLACE FUNCTION ticketing.move_zone_inventory(
    p_tenant_id uuid,
    p_zone_id uuid,
    p_bucket smallint,
    p_held bigint DEFAULT 0,
    p_confirmed bigint DEFAULT 0
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    -- A snapshot held open anywhere keeps every version of the row, and each update walks them
    -- all. After so many updates the row continues under the next epoch, where the walk is short.
    c_updates_per_epoch CONSTANT integer := 500;
    c_sweep CONSTANT integer := 100;
    v_inventory ticketing.zone_inventory;
    v_epoch bigint;
    v_actor text;
    v_now timestamptz;
    v_expired integer;
    v_swept boolean := FALSE;
BEGIN
    LOOP
        -- Newest epoch first: index entries of closed epochs are never visited. A small table
        -- would be scanned instead, dead versions and all, hence enable_seqscan above.
        SELECT i.epoch
        INTO v_epoch
        FROM ticketing.zone_inventory AS i
        WHERE i.tenant_id = p_tenant_id AND i.zone_id = p_zone_id AND i.bucket = p_bucket
        ORDER BY i.epoch DESC
        LIMIT 1;

        IF NOT FOUND THEN
            RAISE EXCEPTION 'zone % has no counters in bucket %', p_zone_id, p_bucket
                USING
                    ERRCODE = 'TK130',
                    HINT = 'Leave bucket_no out; the counters are made with the zone and must not '
                        'be deleted.';
        END IF;

        -- The row lock makes concurrent callers queue here; each sees the counters its
        -- predecessor left and tests them again.
        UPDATE ticketing.zone_inventory AS i
        SET
            held_quantity = i.held_quantity + p_held,
            confirmed_quantity = i.confirmed_quantity + p_confirmed,
            epoch = i.epoch + (i.updates + 1) / c_updates_per_epoch,
            updates = (i.updates + 1) % c_updates_per_epoch,
            updated_at = clock_timestamp()
        WHERE
            i.tenant_id = p_tenant_id
            AND i.zone_id = p_zone_id
            AND i.bucket = p_bucket
            AND i.epoch = v_epoch
            AND i.held_quantity + p_held >= 0
            AND i.confirmed_quantity + p_confirmed >= 0
            AND i.available_quantity >= p_held + p_confirmed;

        EXIT WHEN FOUND;

        -- Either the move does not fit, or the row went on to its next epoch while we waited.
        -- Under the lock, so that of the callers that find no room one expires what is overdue
        -- and the others see what it gave back.
        SELECT i.*
        INTO v_inventory
        FROM ticketing.zone_inventory AS i
        WHERE i.tenant_id = p_tenant_id AND i.zone_id = p_zone_id AND i.bucket = p_bucket
        ORDER BY i.epoch DESC
        LIMIT 1
        FOR UPDATE;

        CONTINUE WHEN NOT FOUND OR v_inventory.epoch <> v_epoch;

        IF v_inventory.held_quantity + p_held < 0
            OR v_inventory.confirmed_quantity + p_confirmed < 0
        THEN
            RAISE EXCEPTION 'zone % would give back more than its counters hold', p_zone_id
                USING
                    ERRCODE = 'TK130',
                    DETAIL = format(
                        'bucket %s, held %s %s, confirmed %s %s',
                        p_bucket,
                        v_inventory.held_quantity, p_held,
                        v_inventory.confirmed_quantity, p_confirmed
                    ),
                    HINT = 'Compare the counters with the rows: SELECT from '
                        'ticketing.zone_inventory_drift with the tenant set.';
        END IF;

        CONTINUE WHEN v_inventory.available_quantity >= p_held + p_confirmed;

        IF NOT v_swept THEN
            v_swept := TRUE;
            v_now := clock_timestamp();
            v_actor := ticketing.act_as('system');

            -- Holds are locked after the counter here, and never waited for: no deadlock.
            WITH overdue AS MATERIALIZED (
                SELECT
                    h.tenant_id,
                    h.id
                FROM ticketing.holds AS h
                WHERE
                    h.tenant_id = p_tenant_id
                    AND h.zone_id = p_zone_id
                    AND h.bucket_no = p_bucket
                    AND h.status = 'active'
                    AND h.expires_at <= v_now
                ORDER BY h.expires_at
                -- A hold has at least one place, so as many as are wanted are enough.
                LIMIT greatest(c_sweep, p_held)
                FOR NO KEY UPDATE SKIP LOCKED
            )

            UPDATE ticketing.holds AS h
            SET status = 'expired'
            FROM overdue AS o
            WHERE h.tenant_id = o.tenant_id AND h.id = o.id;

            GET DIAGNOSTICS v_expired = ROW_COUNT;
            PERFORM ticketing.act_as(v_actor);
            CONTINUE WHEN v_expired > 0;
        END IF;

        -- Another bucket has room, or an overdue hold is in somebody's hands. One lock of a
        -- bucket is all a transaction takes, so it must begin anew.
        IF ticketing.largest_zone_hold(p_zone_id) >= p_held THEN
            RAISE EXCEPTION 'others were faster in a part of zone %', p_zone_id
                USING
                    ERRCODE = 'serialization_failure',
                    HINT = 'Start the transaction again.';
        END IF;

        RAISE EXCEPTION 'zone % has % left, % wanted',
            p_zone_id, v_inventory.available_quantity, p_held
            USING
                ERRCODE = 'TK121',
                HINT = 'Ask for fewer, or try again when holds have expired.';
    END LOOP;
END;
$function$;

COMMENT ON FUNCTION ticketing.move_zone_inventory(uuid, uuid, smallint, bigint, bigint) IS
    'The only code that moves the counters of a zone. Adds the given amounts to one bucket, '
    'negative to give back. Without room it first expires overdue holds of that bucket, then '
    'raises TK121, or 40001 where another bucket has room; TK130 rather than go below zero. '
    'Called last in a transaction by the trigger of holds; executable by ticketing_owner alone.';
