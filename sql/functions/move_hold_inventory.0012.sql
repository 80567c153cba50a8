CREATE OR REPLACE FUNCTION ticketing.move_hold_inventory()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_move record;
BEGIN
    -- Counters in one order for everybody: statements over several zones cannot deadlock.
    IF TG_OP = 'INSERT' THEN
        FOR v_move IN
            SELECT n.tenant_id, n.zone_id, n.bucket_no, sum(n.quantity) AS quantity
            FROM new_rows AS n
            GROUP BY n.tenant_id, n.zone_id, n.bucket_no
            ORDER BY n.tenant_id, n.zone_id, n.bucket_no
        LOOP
            PERFORM ticketing.move_zone_inventory(
                v_move.tenant_id, v_move.zone_id, v_move.bucket_no, p_held => v_move.quantity
            );
        END LOOP;
    ELSE
        -- Only a real change of status moves anything, and every status but active is final:
        -- giving back twice is impossible.
        FOR v_move IN
            SELECT
                n.tenant_id,
                n.zone_id,
                n.bucket_no,
                sum(n.quantity) AS quantity,
                coalesce(sum(n.quantity) FILTER (WHERE n.status = 'confirmed'), 0) AS confirmed
            FROM new_rows AS n
            INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
            WHERE o.status = 'active' AND n.status <> 'active'
            GROUP BY n.tenant_id, n.zone_id, n.bucket_no
            ORDER BY n.tenant_id, n.zone_id, n.bucket_no
        LOOP
            PERFORM ticketing.move_zone_inventory(
                v_move.tenant_id,
                v_move.zone_id,
                v_move.bucket_no,
                p_held => -v_move.quantity,
                p_confirmed => v_move.confirmed
            );
        END LOOP;
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.move_hold_inventory() IS
    'Statement trigger of holds: a new one takes its places (TK121 when there are not enough), a '
    'confirmed one moves them from held to confirmed, a released or expired one gives them back, '
    'each in the bucket it took from. SECURITY DEFINER because no other role may write counters; '
    'it touches only the zones of the changed rows.';
