CREATE OR REPLACE FUNCTION ticketing.end_refunded_tickets()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_live CONSTANT text[] := ARRAY['sold', 'minted', 'active', 'transferred', 'checked_in'];
    v_tickets uuid[];
    v_reservations uuid[];
    v_returned uuid[];
    v_actor text;
BEGIN
    -- All of the order when all its money is back, else the ticket whose whole price is.
    SELECT array_agg(t.id), array_agg(t.reservation_id)
    INTO v_tickets, v_reservations
    FROM ticketing.tickets AS t
    INNER JOIN ticketing.orders AS o ON t.tenant_id = o.tenant_id AND t.order_id = o.id
    WHERE
        t.tenant_id = NEW.tenant_id
        AND t.order_id = NEW.order_id
        AND t.status = ANY (c_live)
        AND (
            o.refunded_cents >= o.paid_cents
            OR (t.id = NEW.ticket_id AND ticketing.refundable_of_ticket(t.id) <= 0)
        );

    IF v_tickets IS NULL THEN
        RETURN NULL;
    END IF;

    PERFORM
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = NEW.tenant_id AND r.id = ANY (v_reservations)
    ORDER BY r.id
    FOR NO KEY UPDATE;

    PERFORM
    FROM ticketing.tickets AS t
    WHERE t.tenant_id = NEW.tenant_id AND t.id = ANY (v_tickets)
    ORDER BY t.id
    FOR NO KEY UPDATE;

    -- Whoever completes the refund, it is the money that ends the ticket.
    v_actor := ticketing.act_as('system');

    -- One that ended while we waited keeps its status, and gives nothing back here.
    WITH ended AS (
        UPDATE ticketing.tickets AS t
        SET status = 'refunded', status_reason = NEW.reason
        WHERE
            t.tenant_id = NEW.tenant_id
            AND t.id = ANY (v_tickets)
            AND t.status = ANY (c_live)
        RETURNING t.reservation_id
    )

    SELECT array_agg(e.reservation_id) INTO v_returned
    FROM ended AS e;

    UPDATE ticketing.reservations AS r
    SET
        returned_quantity = least(r.quantity, r.returned_quantity + n.tickets),
        status = CASE
            WHEN r.returned_quantity + n.tickets >= r.quantity THEN 'cancelled'
            ELSE r.status
        END,
        release_reason = CASE
            WHEN r.returned_quantity + n.tickets >= r.quantity THEN 'refunded'
            ELSE r.release_reason
        END
    FROM (
        SELECT
            v.id,
            count(*)::integer AS tickets
        FROM unnest(v_returned) AS v (id)
        GROUP BY v.id
    ) AS n
    WHERE r.tenant_id = NEW.tenant_id AND r.id = n.id AND r.status = 'confirmed';

    PERFORM ticketing.act_as(v_actor);
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.end_refunded_tickets() IS
    'AFTER trigger of refunds, for the moment one becomes completed, when its order has counted '
    'it: the ticket whose whole price is back becomes refunded, every live ticket of the order '
    'when all its money is. A ticket that has ended keeps its status. Each place goes back on sale '
    'once, through returned_quantity of its reservation, which is cancelled with the last one.';
