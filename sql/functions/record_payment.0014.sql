CREATE OR REPLACE FUNCTION ticketing.record_payment(
    p_order_id uuid,
    p_provider text,
    p_provider_payment_id text,
    p_amount_cents bigint,
    p_currency text,
    p_status text,
    p_payment_id uuid DEFAULT NULL
)
RETURNS TABLE (
    payment_id uuid,
    status text,
    outcome text,
    is_late boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- What is known about the money only grows: news that stands further left came too late.
    c_order CONSTANT text[] := ARRAY[
        'created', 'pending', 'failed', 'cancelled', 'succeeded', 'disputed'
    ];
    c_ended CONSTANT text[] := ARRAY['cancelled', 'expired', 'failed', 'refunded'];
    v_tenant_id uuid := ticketing.require_tenant_context();
    v_order record;
    v_payment record;
    v_fault text;
BEGIN
    v_fault := CASE
        WHEN p_order_id IS NULL THEN 'order'
        WHEN coalesce(btrim(p_provider), '') = '' OR length(p_provider) > 255 THEN 'provider'
        WHEN btrim(p_provider_payment_id) = '' OR length(p_provider_payment_id) > 255
            THEN 'provider payment id'
        WHEN coalesce(p_provider_payment_id, p_payment_id::text) IS NULL THEN 'id'
        WHEN p_amount_cents IS NULL OR p_amount_cents < 0 THEN 'amount'
        WHEN p_currency IS NULL OR p_currency !~ '^[A-Z]{3}$' THEN 'currency'
        WHEN array_position(c_order, p_status) IS NULL THEN 'status'
    END;

    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION 'a payment cannot be recorded with such a %', v_fault
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the order, the provider, its id for the payment or ours, both of up '
                    'to 255 characters, an amount from 0 on, three capital letters for the currency, '
                    'and a known status.';
    END IF;

    -- Everything about the payments of one order queues here: the answer and the webhook, and the
    -- sweeper that would expire the order.
    SELECT o.status, o.currency INTO v_order
    FROM ticketing.orders AS o
    WHERE o.tenant_id = v_tenant_id AND o.id = p_order_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % does not exist', p_order_id
            USING
                ERRCODE = 'TK165',
                HINT = 'Check the id and the tenant; the copy of a new order may still be on its '
                    'way, then let the provider deliver again.';
    END IF;

    SELECT p.id INTO v_payment
    FROM ticketing.payments AS p
    WHERE
        p.tenant_id = v_tenant_id
        AND p.provider = p_provider
        AND p.provider_payment_id = p_provider_payment_id;

    IF NOT FOUND THEN
        SELECT p.id INTO v_payment
        FROM ticketing.payments AS p
        WHERE p.tenant_id = v_tenant_id AND p.id = p_payment_id;
    END IF;

    -- A webhook that does not hand our id back, before the answer to the call: it is about the one
    -- payment that waits for an answer. Of two nobody can tell.
    IF NOT FOUND AND p_payment_id IS NULL THEN
        SELECT min(p.id::text)::uuid AS id INTO v_payment
        FROM ticketing.payments AS p
        WHERE
            p.tenant_id = v_tenant_id
            AND p.order_id = p_order_id
            AND p.provider = p_provider
            AND p.amount_cents = p_amount_cents
            AND p.currency = p_currency
            AND p.provider_payment_id IS NULL
            AND p.status IN ('created', 'pending')
        HAVING count(*) = 1;
    END IF;

    IF NOT FOUND THEN
        IF p_currency <> v_order.currency THEN
            RAISE EXCEPTION 'a payment in % is for an order in %', p_currency, v_order.currency
                USING ERRCODE = 'TK166', HINT = 'Take the money in the currency of the order.';
        END IF;

        IF p_status IN ('created', 'pending') AND v_order.status = ANY (c_ended) THEN
            RAISE EXCEPTION 'order % is % and takes no new payment', p_order_id, v_order.status
                USING
                    ERRCODE = 'TK164',
                    HINT = 'Do not ask the provider for the money; the buyer needs a new order.';
        END IF;

        -- The same payment of the provider may just be recorded for another order.
        INSERT INTO ticketing.payments AS p (
            tenant_id, id, order_id, provider, provider_payment_id, amount_cents, currency, status
        ) VALUES (
            v_tenant_id, coalesce(p_payment_id, gen_random_uuid()), p_order_id, p_provider,
            p_provider_payment_id, p_amount_cents, p_currency, p_status
        )
        ON CONFLICT DO NOTHING
        RETURNING p.id INTO v_payment;

        IF FOUND THEN
            RETURN QUERY SELECT
                v_payment.id,
                p_status,
                'recorded',
                p_status = 'succeeded' AND v_order.status = ANY (c_ended);
            RETURN;
        END IF;
    END IF;

    SELECT
        p.id, p.order_id, p.provider, p.provider_payment_id, p.amount_cents, p.currency, p.status
    INTO v_payment
    FROM ticketing.payments AS p
    WHERE p.tenant_id = v_tenant_id AND p.id = v_payment.id
    FOR NO KEY UPDATE;

    IF
        NOT FOUND
        OR v_payment.order_id <> p_order_id
        OR v_payment.provider <> p_provider
        OR v_payment.provider_payment_id <> p_provider_payment_id
        OR v_payment.amount_cents <> p_amount_cents
        OR v_payment.currency <> p_currency
    THEN
        RAISE EXCEPTION 'the payment is recorded already, for something else'
            USING
                ERRCODE = 'TK163',
                HINT = 'Compare order, provider, ids, amount and currency with the row.';
    END IF;

    outcome := CASE
        WHEN p_status = v_payment.status THEN 'repeated'
        WHEN array_position(c_order, p_status) < array_position(c_order, v_payment.status)
            THEN 'outdated'
        ELSE 'advanced'
    END;
    payment_id := v_payment.id;
    status := CASE WHEN outcome = 'advanced' THEN p_status ELSE v_payment.status END;
    is_late := status = 'succeeded' AND v_order.status = ANY (c_ended);

    IF
        outcome = 'advanced'
        OR (v_payment.provider_payment_id IS NULL AND p_provider_payment_id IS NOT NULL)
    THEN
        UPDATE ticketing.payments AS p
        SET
            status = record_payment.status,
            provider_payment_id = coalesce(p.provider_payment_id, p_provider_payment_id)
        WHERE p.tenant_id = v_tenant_id AND p.id = v_payment.id;
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.record_payment(uuid, text, text, bigint, text, text, uuid) IS
    'Records what is known of a payment, in any order and any number of times: before the call of '
    'the provider with p_payment_id, then from its answer and from its webhook. One payment of a '
    'provider is one row. outcome: recorded (new), advanced, repeated, outdated (older news, '
    'nothing changes). is_late: the money came for an order that has ended; refund it. Refuses a '
    'mix-up (TK163), a new payment of an ended order (TK164), an unknown order (TK165) and another '
    'currency than the order''s (TK166). SECURITY DEFINER because no service may lock an order or '
    'write a payment.';

GRANT EXECUTE ON FUNCTION
ticketing.record_payment(uuid, text, text, bigint, text, text, uuid)
TO ticketing_app, ticketing_worker;
