CREATE OR REPLACE FUNCTION ticketing.redeem_discount(
    p_order_id uuid,
    p_code text,
    p_user_id uuid DEFAULT NULL,
    p_reservation_id uuid DEFAULT NULL
)
RETURNS TABLE (
    redemption_id uuid,
    discount_id uuid,
    amount_cents bigint,
    currency text,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz;
    v_user_id uuid;
    v_order record;
    v_discount record;
    v_redeemed record;
    v_others record;
    v_cart uuid[];
    v_group_id uuid;
    v_base numeric;
    v_raw numeric;
    v_amount bigint;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);
    v_user_id := ticketing.require_principal(p_user_id);

    -- Codes of one order queue here, so none is tested against a sum that another changes.
    SELECT o.user_id, o.event_id, o.status, o.subtotal_cents, o.currency
    INTO v_order
    FROM ticketing.lock_order(p_order_id) AS o;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % does not exist', coalesce(p_order_id::text, 'NULL')
            USING
                ERRCODE = 'TK619',
                HINT = 'Check the id, or wait for the copy of the order; a customer has only '
                    'orders of their own.';
    END IF;

    -- Uses of one code queue here: counting the uses of a person would not stop a new one.
    SELECT
        d.id,
        d.code,
        d.discount_type,
        d.discount_value,
        d.currency,
        d.event_id,
        d.ticket_type_id,
        d.max_uses_per_user,
        d.min_purchase_cents,
        d.max_discount_cents,
        d.stackable,
        d.valid_from,
        d.valid_until,
        d.is_active
    INTO v_discount
    FROM ticketing.discounts AS d
    WHERE d.tenant_id = v_tenant_id AND d.code_normalized = upper(btrim(p_code))
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no such code'
            USING ERRCODE = 'TK611', HINT = 'Let the buyer check the spelling.';
    END IF;

    discount_id := v_discount.id;
    currency := v_order.currency;
    -- The order says whose it is; only an order of nobody takes the caller's word.
    v_user_id := coalesce(v_order.user_id, v_user_id);

    SELECT r.id, r.amount_cents, r.status
    INTO v_redeemed
    FROM ticketing.order_discounts AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND r.order_id = p_order_id
        AND r.discount_id = v_discount.id;

    redemption_id := v_redeemed.id;

    IF v_redeemed.status = 'applied' THEN
        amount_cents := v_redeemed.amount_cents;
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    IF v_order.status NOT IN ('pending', 'awaiting_payment') THEN
        RAISE EXCEPTION 'order % is %', p_order_id, v_order.status
            USING
                ERRCODE = 'TK618',
                HINT = 'A code lowers an order before it is paid; give money back by a refund.';
    END IF;

    -- After the locks: whoever waited past the end of the code is too late.
    v_now := clock_timestamp();

    IF NOT v_discount.is_active
        OR v_now < v_discount.valid_from
        OR v_now >= v_discount.valid_until
    THEN
        RAISE EXCEPTION 'the code is not valid now'
            USING
                ERRCODE = 'TK612',
                HINT = 'Check is_active, valid_from and valid_until of the discount.';
    END IF;

    SELECT
        coalesce(sum(r.amount_cents), 0) AS cents,
        count(*) AS codes,
        coalesce(bool_and(d.stackable), TRUE) AS is_stackable
    INTO v_others
    FROM ticketing.order_discounts AS r
    INNER JOIN ticketing.discounts AS d ON r.tenant_id = d.tenant_id AND r.discount_id = d.id
    WHERE
        r.tenant_id = v_tenant_id
        AND r.order_id = p_order_id
        AND r.status = 'applied';

    IF v_others.codes > 0 AND NOT (v_discount.stackable AND v_others.is_stackable) THEN
        RAISE EXCEPTION 'order % has another code that this one cannot join', p_order_id
            USING ERRCODE = 'TK617', HINT = 'Reverse the other code first, or keep it.';
    END IF;

    IF v_discount.max_uses_per_user IS NOT NULL THEN
        IF v_user_id IS NULL THEN
            RAISE EXCEPTION 'the code is limited for each person, and the order names nobody'
                USING ERRCODE = 'TK616', HINT = 'Let the buyer log in.';
        END IF;

        IF (
            SELECT count(*)
            FROM ticketing.order_discounts AS r
            WHERE
                r.tenant_id = v_tenant_id
                AND r.discount_id = v_discount.id
                AND r.user_id = v_user_id
                AND r.status = 'applied'
        ) >= v_discount.max_uses_per_user THEN
            RAISE EXCEPTION 'the person has used the code % times', v_discount.max_uses_per_user
                USING ERRCODE = 'TK615', HINT = 'Use another code.';
        END IF;
    END IF;

    -- A code for the whole order takes the order's own sum; any other, what the cart holds of it.
    IF v_discount.ticket_type_id IS NULL
        AND v_discount.discount_type <> 'bogo'
        AND (v_discount.event_id IS NULL OR v_discount.event_id = v_order.event_id)
    THEN
        v_base := v_order.subtotal_cents::numeric;
    ELSE
        -- Each way of belonging by its own index: one condition with OR, or a join, has none.
        SELECT array_agg(r.id)
        INTO v_cart
        FROM ticketing.reservations AS r
        WHERE r.tenant_id = v_tenant_id AND r.order_id = p_order_id;

        IF p_reservation_id IS NOT NULL THEN
            v_cart := v_cart || p_reservation_id;

            SELECT r.group_id
            INTO v_group_id
            FROM ticketing.reservations AS r
            WHERE r.tenant_id = v_tenant_id AND r.id = p_reservation_id;
        END IF;

        IF v_group_id IS NOT NULL THEN
            SELECT v_cart || array_agg(r.id)
            INTO v_cart
            FROM ticketing.reservations AS r
            WHERE r.tenant_id = v_tenant_id AND r.group_id = v_group_id;
        END IF;

        SELECT
            sum(r.total_cents),
            sum((r.quantity / 2) * (r.total_cents / r.quantity))
        INTO v_base, v_raw
        FROM ticketing.reservations AS r
        WHERE
            r.tenant_id = v_tenant_id
            AND r.id = ANY (v_cart)
            AND (r.order_id IS NULL OR r.order_id = p_order_id)
            AND r.status IN ('pending', 'confirmed')
            AND r.currency = v_order.currency
            AND (v_discount.ticket_type_id IS NULL OR r.ticket_type_id = v_discount.ticket_type_id)
            AND (v_discount.event_id IS NULL OR r.event_id = v_discount.event_id);
    END IF;

    -- Half a minor unit and more is rounded up. Never more than there is to pay.
    v_amount := least(
        round(
            CASE v_discount.discount_type
                WHEN 'fixed' THEN v_discount.discount_value
                WHEN 'bogo' THEN v_raw * least(v_discount.discount_value, 100) / 100
                ELSE v_base * v_discount.discount_value / 100
            END
        ),
        v_discount.max_discount_cents,
        v_base,
        v_order.subtotal_cents - v_others.cents
    )::bigint;

    IF coalesce(v_base, 0) = 0
        OR v_base < v_discount.min_purchase_cents
        OR v_discount.currency <> v_order.currency
        OR v_amount <= 0
    THEN
        RAISE EXCEPTION 'the code does not fit the order'
            USING
                ERRCODE = 'TK614',
                HINT = 'Compare event, ticket type, currency and min_purchase_cents of the '
                    'discount with the order and its cart.';
    END IF;

    UPDATE ticketing.discounts AS d
    SET times_used = d.times_used + 1
    WHERE
        d.tenant_id = v_tenant_id
        AND d.id = v_discount.id
        AND (d.max_uses IS NULL OR d.times_used < d.max_uses);

    IF NOT FOUND THEN
        RAISE EXCEPTION 'the code is used up'
            USING ERRCODE = 'TK613', HINT = 'Use another code, or raise max_uses.';
    END IF;

    amount_cents := v_amount;
    outcome := 'redeemed';

    INSERT INTO ticketing.order_discounts AS r (
        tenant_id, order_id, discount_id, user_id, discount_code, discount_type, amount_cents,
        applied_at
    ) VALUES (
        v_tenant_id, p_order_id, v_discount.id, v_user_id, v_discount.code,
        v_discount.discount_type, v_amount, v_now
    )
    ON CONFLICT ON CONSTRAINT uq_order_discounts_once DO UPDATE
    SET
        status = 'applied',
        amount_cents = excluded.amount_cents,
        applied_at = excluded.applied_at,
        reversed_at = NULL
    RETURNING r.id INTO redemption_id;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.redeem_discount(uuid, text, uuid, uuid) IS
    'Uses a code on an unpaid order and says by how much it lowers it. One row. outcome redeemed: '
    'the use is in the ledger and counted. replayed: it was used on this order before, for this '
    'amount. percentage and early_bird take their share of the order''s subtotal, fixed its '
    'amount; a code for one ticket type, or for another event than the order''s, counts the '
    'reservations of the order and the cart of p_reservation_id; bogo takes its percentage, 100 '
    'at most, of the second of each two tickets of a type. Half a minor unit is rounded up; '
    'max_discount_cents and what is left to pay are the caps. Raises TK611 for an unknown code, '
    'TK612 when it is inactive or out of its dates, TK613 when it is used up, TK614 when it does '
    'not fit, TK615 beyond the limit of a person, TK616 when that person is unknown, TK617 beside '
    'a code that it cannot join, TK618 once the order is paid or ended, TK619 for an order that is '
    'not known here, TK401 for a customer who names another, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.redeem_discount(uuid, text, uuid, uuid)
TO ticketing_app, ticketing_worker;
