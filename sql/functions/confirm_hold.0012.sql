CREATE OR REPLACE FUNCTION ticketing.confirm_hold(
    p_hold_id uuid,
    p_idempotency_key text,
    p_order_id uuid DEFAULT NULL
)
RETURNS TABLE (
    order_id uuid,
    hold_id uuid,
    status text,
    created_at timestamptz,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_hold record;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF coalesce(btrim(p_idempotency_key), '') = '' THEN
        RAISE EXCEPTION 'a confirmation needs an idempotency key'
            USING
                ERRCODE = 'TK123',
                HINT = 'Pass a key that the client repeats when it sends the request again.';
    END IF;

    IF length(p_idempotency_key) > 255 THEN
        RAISE EXCEPTION 'the idempotency key is too long'
            USING ERRCODE = 'TK001', HINT = 'A key has up to 255 characters.';
    END IF;

    SELECT
        h.status,
        h.expires_at,
        h.order_id,
        h.confirm_idempotency_key,
        h.confirmed_at
    INTO v_hold
    FROM ticketing.holds AS h
    WHERE
        h.tenant_id = v_tenant_id
        AND h.id = p_hold_id
        AND (ticketing.acts_for_tenant() OR h.user_id = ticketing.current_user_id())
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'hold % does not exist', coalesce(p_hold_id::text, 'NULL')
            USING
                ERRCODE = 'TK126',
                HINT = 'Check the id and that app.current_tenant_id names its tenant; a customer '
                    'has only holds of their own.';
    END IF;

    hold_id := p_hold_id;
    status := 'confirmed';

    IF v_hold.status = 'confirmed' THEN
        IF v_hold.confirm_idempotency_key <> p_idempotency_key THEN
            RAISE EXCEPTION 'hold % is confirmed already', p_hold_id
                USING
                    ERRCODE = 'TK128',
                    HINT = 'The key of the first confirmation gives its order; refund a second '
                        'payment.';
        END IF;

        IF p_order_id <> v_hold.order_id THEN
            RAISE EXCEPTION 'hold % was confirmed for another order with this key', p_hold_id
                USING
                    ERRCODE = 'TK122',
                    HINT = 'Repeat a request unchanged; cancel the second order.';
        END IF;

        order_id := v_hold.order_id;
        created_at := v_hold.confirmed_at;
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    IF v_hold.status = 'released' THEN
        RAISE EXCEPTION 'hold % was released', p_hold_id
            USING ERRCODE = 'TK131', HINT = 'Hold again, or refund the payment.';
    END IF;

    IF v_hold.status = 'expired' OR clock_timestamp() >= v_hold.expires_at THEN
        RAISE EXCEPTION 'hold % expired at %', p_hold_id, v_hold.expires_at
            USING
                ERRCODE = 'TK127',
                HINT = 'Hold again, or refund the payment that came too late.';
    END IF;

    UPDATE ticketing.holds AS h
    SET
        status = 'confirmed',
        confirm_idempotency_key = p_idempotency_key,
        order_id = p_order_id
    WHERE h.tenant_id = v_tenant_id AND h.id = p_hold_id
    RETURNING h.order_id, h.confirmed_at, 'confirmed'
    INTO order_id, created_at, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.confirm_hold(uuid, text, uuid) IS
    'Makes exactly one order of a hold. One row. outcome confirmed: order_id is p_order_id, else a '
    'new id, under which the order service makes its order when it reads hold.confirmed from the '
    'outbox. replayed: the same key confirmed it before, with this order. Raises TK123 without a '
    'key, TK126 for a hold that the tenant or the customer has not, TK127 when it has expired, by '
    'status or by clock, TK128 when another key confirmed it, TK131 when it was released, TK122 '
    'for the same key with another order, 23505 (uq_holds_order) for the order of another hold, '
    'TK001 for a key that is too long, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.confirm_hold(uuid, text, uuid)
TO ticketing_app, ticketing_worker;
