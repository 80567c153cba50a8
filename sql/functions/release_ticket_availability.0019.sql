CREATE OR REPLACE FUNCTION ticketing.release_ticket_availability()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_move record;
BEGIN
    -- Only a real change of status gives anything back, and the states left behind are final;
    -- returned_quantity only grows: giving back twice is impossible.
    FOR v_move IN
        SELECT
            n.tenant_id,
            n.ticket_type_id,
            coalesce(sum(n.quantity) FILTER (WHERE o.status = 'pending'), 0) AS reserved,
            coalesce(
                sum(
                    CASE n.status WHEN 'confirmed' THEN n.returned_quantity ELSE n.quantity END
                    - o.returned_quantity
                ) FILTER (WHERE o.status = 'confirmed'),
                0
            ) AS sold
        FROM new_rows AS n
        INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
        WHERE
            o.status IN ('pending', 'confirmed')
            AND (
                n.status IN ('expired', 'cancelled')
                OR n.returned_quantity <> o.returned_quantity
            )
        GROUP BY n.tenant_id, n.ticket_type_id
        ORDER BY n.tenant_id, n.ticket_type_id
    LOOP
        PERFORM ticketing.move_ticket_inventory(
            v_move.tenant_id,
            v_move.ticket_type_id,
            p_reserved => -v_move.reserved,
            p_sold => -v_move.sold
        );
    END LOOP;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.release_ticket_availability() IS
    'Statement trigger of reservations: an expired or cancelled one gives its quantity back, '
    'from reserved when it was pending, from sold when it was confirmed. A confirmed one whose '
    'returned_quantity grows gives that much back, and no more than the rest when it is '
    'cancelled later. SECURITY DEFINER because no other role may write counters; it touches '
    'only the types of the changed rows.';
