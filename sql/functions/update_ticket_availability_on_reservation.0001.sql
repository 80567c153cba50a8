CREATE OR REPLACE FUNCTION ticketing.update_ticket_availability_on_reservation()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_move record;
BEGIN
    -- Counters in one order for everybody: two carts over the same types cannot deadlock.
    IF TG_OP = 'INSERT' THEN
        FOR v_move IN
            SELECT n.tenant_id, n.ticket_type_id, sum(n.quantity) AS quantity
            FROM new_rows AS n
            GROUP BY n.tenant_id, n.ticket_type_id
            ORDER BY n.tenant_id, n.ticket_type_id
        LOOP
            PERFORM ticketing.move_ticket_inventory(
                v_move.tenant_id, v_move.ticket_type_id, p_reserved => v_move.quantity
            );
        END LOOP;
    ELSE
        FOR v_move IN
            SELECT n.tenant_id, n.ticket_type_id, sum(n.quantity) AS quantity
            FROM new_rows AS n
            INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
            WHERE o.status = 'pending' AND n.status = 'confirmed'
            GROUP BY n.tenant_id, n.ticket_type_id
            ORDER BY n.tenant_id, n.ticket_type_id
        LOOP
            PERFORM ticketing.move_ticket_inventory(
                v_move.tenant_id,
                v_move.ticket_type_id,
                p_reserved => -v_move.quantity,
                p_sold => v_move.quantity
            );
        END LOOP;
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.update_ticket_availability_on_reservation() IS
    'Statement trigger of reservations: a new one takes its quantity from what is free (TK101 when '
    'there is not enough), a confirmed one moves it from reserved to sold. SECURITY DEFINER '
    'because no other role may write counters; it touches only the types of the changed rows.';
