CREATE OR REPLACE FUNCTION ticketing.move_house_hold_inventory()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_move record;
BEGIN
    IF TG_OP = 'INSERT' THEN
        FOR v_move IN
            SELECT n.tenant_id, n.ticket_type_id, sum(n.remaining_quantity) AS quantity
            FROM new_rows AS n
            GROUP BY n.tenant_id, n.ticket_type_id
            ORDER BY n.tenant_id, n.ticket_type_id
        LOOP
            PERFORM ticketing.move_ticket_inventory(
                v_move.tenant_id, v_move.ticket_type_id, p_held => v_move.quantity
            );
        END LOOP;
    ELSE
        FOR v_move IN
            SELECT
                n.tenant_id,
                n.ticket_type_id,
                sum(n.remaining_quantity - o.remaining_quantity) AS quantity
            FROM new_rows AS n
            INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
            WHERE n.remaining_quantity <> o.remaining_quantity
            GROUP BY n.tenant_id, n.ticket_type_id
            ORDER BY n.tenant_id, n.ticket_type_id
        LOOP
            PERFORM ticketing.move_ticket_inventory(
                v_move.tenant_id, v_move.ticket_type_id, p_held => v_move.quantity
            );
        END LOOP;
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.move_house_hold_inventory() IS
    'Statement trigger of ticket_holds: held_quantity follows remaining_quantity, up (TK101 when '
    'there is not enough) and down. SECURITY DEFINER because no other role may write counters; it '
    'touches only the types of the changed rows.';
