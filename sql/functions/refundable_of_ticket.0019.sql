CREATE OR REPLACE FUNCTION ticketing.refundable_of_ticket(
    p_ticket_id uuid
)
RETURNS bigint
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_ticket record;
    v_order record;
    v_price bigint;
BEGIN
    SELECT t.order_id, t.price_cents
    INTO v_ticket
    FROM ticketing.tickets AS t
    WHERE t.tenant_id = v_tenant_id AND t.id = p_ticket_id;

    SELECT o.subtotal_cents, o.discount_cents
    INTO v_order
    FROM ticketing.orders AS o
    WHERE o.tenant_id = v_tenant_id AND o.id = v_ticket.order_id;

    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    v_price := coalesce(v_ticket.price_cents, 0);

    IF v_order.subtotal_cents > 0 THEN
        v_price := floor(
            v_price::numeric
            * greatest(v_order.subtotal_cents - v_order.discount_cents, 0)
            / v_order.subtotal_cents
        )::bigint;
    END IF;

    RETURN v_price - (
        SELECT coalesce(sum(r.amount_cents), 0)::bigint
        FROM ticketing.refunds AS r
        WHERE
            r.tenant_id = v_tenant_id
            AND r.ticket_id = p_ticket_id
            AND r.status = 'completed'
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.refundable_of_ticket(uuid) IS
    'What is still to be refunded of a ticket until its buyer has the whole price back, in minor '
    'units: the price less its part of the discounts on the order, rounded down, less what was '
    'refunded for it. Zero or below: nothing. NULL for a ticket that the session does not see or '
    'that has no order. Fees and taxes are of the order, not of a ticket.';

GRANT EXECUTE ON FUNCTION ticketing.refundable_of_ticket(uuid) TO ticketing_app, ticketing_worker;
