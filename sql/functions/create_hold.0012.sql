CREATE OR REPLACE FUNCTION ticketing.create_hold(
    p_event_id uuid,
    p_zone_id uuid,
    p_quantity integer,
    p_idempotency_key text,
    p_user_id uuid DEFAULT NULL,
    p_time_to_live interval DEFAULT NULL
)
RETURNS TABLE (
    hold_id uuid,
    status text,
    expires_at timestamptz,
    quantity integer,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $function$
DECLARE
    c_tries CONSTANT integer := 10;
    c_time_to_live CONSTANT interval := make_interval(mins => 15);
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_user_id uuid;
    v_now timestamptz;
    v_zone record;
    v_hold record;
    v_room integer;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);
    v_user_id := ticketing.require_principal(p_user_id);

    IF coalesce(btrim(p_idempotency_key), '') = '' THEN
        RAISE EXCEPTION 'a hold needs an idempotency key'
            USING
                ERRCODE = 'TK123',
                HINT = 'Pass a key that the client repeats when it sends the request again.';
    END IF;

    IF p_quantity IS NULL OR p_quantity < 1 THEN
        RAISE EXCEPTION 'a quantity of % cannot be held', coalesce(p_quantity::text, 'NULL')
            USING ERRCODE = 'TK124', HINT = 'Ask for one place or more.';
    END IF;

    IF length(p_idempotency_key) > 255
        OR p_time_to_live NOT BETWEEN '1 second' AND '24 hours'
    THEN
        RAISE EXCEPTION 'the idempotency key is too long, or the life of the hold out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'A key has up to 255 characters; a hold lives for 1 second to 24 hours.';
    END IF;

    -- Whoever loses a race with a copy of the same request goes round once more and finds what
    -- the other made.
    FOR v_try IN 1 .. c_tries LOOP
        v_now := clock_timestamp();

        -- A look without a lock: most requests of a sold-out sale end here and write nothing.
        -- The counter itself decides, after the row is in. By the newest epoch, never by a scan
        -- over the dead versions of a small but busy table, hence enable_seqscan above.
        SELECT
            z.bucket_count,
            i.available_quantity,
            CASE
                WHEN p_time_to_live IS NULL THEN (
                    SELECT t.settings ->> 'hold_ttl_seconds'
                    FROM ticketing.tenants AS t
                    WHERE t.id = v_tenant_id
                )
            END AS tenant_seconds
        INTO v_zone
        FROM ticketing.zones AS z
        INNER JOIN ticketing.zone_inventory AS i
            ON z.tenant_id = i.tenant_id AND z.id = i.zone_id
        WHERE
            z.tenant_id = v_tenant_id
            AND z.event_id = p_event_id
            AND z.id = p_zone_id
            AND i.bucket = 0
        ORDER BY i.epoch DESC
        LIMIT 1;

        IF NOT FOUND THEN
            RAISE EXCEPTION 'zone % of event % does not exist',
                coalesce(p_zone_id::text, 'NULL'), coalesce(p_event_id::text, 'NULL')
                USING
                    ERRCODE = 'TK125',
                    HINT = 'Check both ids and that app.current_tenant_id names their tenant.';
        END IF;

        v_room := CASE
            WHEN v_zone.bucket_count = 1 AND v_zone.available_quantity >= p_quantity
                THEN v_zone.available_quantity
            ELSE ticketing.largest_zone_hold(p_zone_id)
        END;

        -- After the look: a copy of this request that took the last places is seen as a copy.
        SELECT
            h.id,
            h.status,
            h.expires_at,
            h.quantity,
            h.user_id
        INTO v_hold
        FROM ticketing.holds AS h
        WHERE
            h.tenant_id = v_tenant_id
            AND h.event_id = p_event_id
            AND h.zone_id = p_zone_id
            AND h.idempotency_key = p_idempotency_key;

        IF FOUND THEN
            IF (v_hold.quantity, v_hold.user_id) IS DISTINCT FROM (p_quantity, v_user_id) THEN
                RAISE EXCEPTION 'the idempotency key stands for another request'
                    USING
                        ERRCODE = 'TK122',
                        HINT = 'Use a new key for a new request; repeat an old one unchanged.';
            END IF;

            hold_id := v_hold.id;
            expires_at := v_hold.expires_at;
            quantity := v_hold.quantity;
            outcome := 'replayed';
            -- A hold that has run out is not active, whether or not a sweeper has come by.
            status := CASE
                WHEN v_hold.status = 'active' AND v_hold.expires_at <= v_now THEN 'expired'
                ELSE v_hold.status
            END;
            RETURN NEXT;
            RETURN;
        END IF;

        IF v_room < p_quantity THEN
            RAISE EXCEPTION 'zone % has room for %, % wanted', p_zone_id, v_room, p_quantity
                USING
                    ERRCODE = 'TK121',
                    HINT = 'Ask for fewer, or try again when holds have expired.';
        END IF;

        INSERT INTO ticketing.holds AS h (
            tenant_id, event_id, zone_id, bucket_no, user_id, quantity, idempotency_key,
            created_at, expires_at
        ) VALUES (
            v_tenant_id,
            p_event_id,
            p_zone_id,
            -- Where there is a choice, the trigger makes it.
            CASE WHEN v_zone.bucket_count = 1 THEN 0 END,
            v_user_id,
            p_quantity,
            p_idempotency_key,
            v_now,
            v_now + coalesce(
                p_time_to_live,
                CASE
                    WHEN v_zone.tenant_seconds ~ '^[1-9][0-9]{0,4}$'
                        THEN make_interval(secs => v_zone.tenant_seconds::integer)
                END,
                c_time_to_live
            )
        )
        ON CONFLICT (tenant_id, event_id, zone_id, idempotency_key) DO NOTHING
        RETURNING h.id, h.status, h.expires_at, h.quantity, 'created'
        INTO hold_id, status, expires_at, quantity, outcome;

        IF hold_id IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END LOOP;

    RAISE EXCEPTION 'the hold was made and unmade % times while it was being looked for', c_tries
        USING
            ERRCODE = 'serialization_failure',
            HINT = 'Start the transaction again.';
END;
$function$;

COMMENT ON FUNCTION ticketing.create_hold(uuid, uuid, integer, text, uuid, interval) IS
    'Holds places of a zone. One row. outcome created: the hold is active until expires_at, after '
    'p_time_to_live, else hold_ttl_seconds (1 to 99999) in the settings of the tenant, else 15 '
    'minutes. '
    'replayed: the same key made this hold before; status says what became of it, expired also '
    'when only the clock says so. Raises TK121 without room (overdue holds count as given back), '
    'TK122 when the key stands for another quantity or person, TK123 without a key, TK124 for less '
    'than one place, TK125 for a zone that the event or the tenant has not, TK001 for a key or a '
    'life out of range, TK401 for a customer who names another, TK701 without a tenant, 40001 when '
    'another call should be made: others were faster in one part of a zone with several.';

GRANT EXECUTE ON FUNCTION ticketing.create_hold(uuid, uuid, integer, text, uuid, interval)
TO ticketing_app, ticketing_worker;
