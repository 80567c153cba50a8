CREATE OR REPLACE FUNCTION ticketing.reverse_discount(
    p_order_id uuid,
    p_code text
)
RETURNS TABLE (
    redemption_id uuid,
    discount_id uuid,
    amount_cents bigint,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_order_status text;
    v_status text;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    -- Order, then discount: the order in which redeem_discount() takes them.
    SELECT o.status
    INTO v_order_status
    FROM ticketing.lock_order(p_order_id) AS o;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % does not exist', coalesce(p_order_id::text, 'NULL')
            USING
                ERRCODE = 'TK619',
                HINT = 'Check the id, or wait for the copy of the order; a customer has only '
                    'orders of their own.';
    END IF;

    SELECT d.id
    INTO discount_id
    FROM ticketing.discounts AS d
    WHERE d.tenant_id = v_tenant_id AND d.code_normalized = upper(btrim(p_code))
    FOR NO KEY UPDATE;

    SELECT r.id, r.amount_cents, r.status
    INTO redemption_id, amount_cents, v_status
    FROM ticketing.order_discounts AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND r.order_id = p_order_id
        AND r.discount_id = reverse_discount.discount_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % has no such code', p_order_id
            USING ERRCODE = 'TK611', HINT = 'Read its rows in order_discounts.';
    END IF;

    outcome := 'replayed';

    IF v_status = 'applied' THEN
        -- Else a buyer would pay the lower price and use the code again.
        IF v_order_status NOT IN ('pending', 'awaiting_payment')
            AND NOT ticketing.acts_for_tenant()
        THEN
            RAISE EXCEPTION 'order % is %', p_order_id, v_order_status
                USING
                    ERRCODE = 'TK618',
                    HINT = 'Only the service takes a code back from an order that was placed.';
        END IF;

        UPDATE ticketing.order_discounts AS r
        SET status = 'reversed', reversed_at = clock_timestamp()
        WHERE r.tenant_id = v_tenant_id AND r.id = redemption_id;

        UPDATE ticketing.discounts AS d
        SET times_used = d.times_used - 1
        WHERE d.tenant_id = v_tenant_id AND d.id = reverse_discount.discount_id;

        outcome := 'reversed';
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.reverse_discount(uuid, text) IS
    'Takes the use of a code on an order back, so that it counts against no limit any more, also '
    'after its last day. One row. outcome reversed; replayed when it was taken back before. Raises '
    'TK611 when the order has no such code, TK618 in a customer''s session once the order is paid '
    'or ended, TK619 for an order that is not known here, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.reverse_discount(uuid, text)
TO ticketing_app, ticketing_worker;
