CREATE OR REPLACE FUNCTION ticketing.settle_reservation()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Whoever ends the reservation, it is the rule that ends what hangs on it.
    v_actor text := ticketing.act_as('system');
    v_ended record;
BEGIN
    -- One by one: a join with the changed rows, whose number nobody knows when it is planned, may
    -- read every ticket.
    FOR v_ended IN
        SELECT n.tenant_id, n.id, n.status
        FROM new_rows AS n
        INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
        WHERE o.status = 'pending' AND n.status <> 'pending'
        ORDER BY n.tenant_id, n.id
    LOOP
        -- Picked places go back on sale; a ticket that is sold by now has its own end.
        IF v_ended.status <> 'confirmed' THEN
            UPDATE ticketing.tickets AS t
            SET
                status = 'available',
                reservation_id = NULL,
                order_id = NULL,
                user_id = NULL,
                purchaser_email = NULL
            WHERE
                t.tenant_id = v_ended.tenant_id
                AND t.reservation_id = v_ended.id
                AND t.status = 'reserved';
        END IF;

        -- The deadline of an offer is that of its reservation, so both may expire at once.
        UPDATE ticketing.waitlist AS w
        SET status = CASE v_ended.status WHEN 'confirmed' THEN 'converted' ELSE v_ended.status END
        WHERE
            w.tenant_id = v_ended.tenant_id
            AND w.reservation_id = v_ended.id
            AND w.status = 'notified';
    END LOOP;

    PERFORM ticketing.act_as(v_actor);
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.settle_reservation() IS
    'Statement trigger of reservations: what hangs on one that is no longer pending ends with it. '
    'An open offer to the waitlist becomes converted when it is confirmed, else expired or '
    'cancelled; places that were picked for it (tickets in status reserved) are available again '
    'when it is not bought. So whoever expires the reservation, a sweeper without a tenant '
    'included, ends the offer in the same transaction. SECURITY DEFINER because that sweeper may '
    'write neither table; it takes the tenant from the reservation, new_rows.tenant_id.';
