CREATE OR REPLACE FUNCTION ticketing.start_refund(
    p_refund_id uuid,
    p_provider text
)
RETURNS TABLE (
    refund_id uuid,
    status text,
    amount_cents bigint,
    currency text,
    attempt_count integer,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_refund ticketing.refunds := ticketing.lock_refund(p_refund_id);
    v_order record;
BEGIN
    IF coalesce(btrim(p_provider), '') = '' THEN
        RAISE EXCEPTION 'p_provider is missing'
            USING ERRCODE = 'TK001', HINT = 'Name the provider that is about to be called.';
    END IF;

    IF v_refund.status = 'processing' AND v_refund.provider = p_provider THEN
        RETURN QUERY SELECT
            v_refund.id,
            v_refund.status,
            v_refund.amount_cents,
            v_refund.currency,
            v_refund.attempt_count,
            'replayed';
        RETURN;
    END IF;

    -- An update to the status that it has is no change of status: the trigger would not ask.
    PERFORM ticketing.check_state_transition('refund', v_refund.status, 'processing', NULL);

    SELECT
        o.paid_cents - o.refunded_cents - coalesce(
            (
                SELECT sum(r.amount_cents)
                FROM ticketing.refunds AS r
                WHERE
                    r.tenant_id = v_refund.tenant_id
                    AND r.order_id = v_refund.order_id
                    AND r.status IN ('pending', 'approved', 'processing')
                    AND r.id <> v_refund.id
            ),
            0
        ) AS left_cents
    INTO v_order
    FROM ticketing.lock_order(v_refund.order_id) AS o;

    -- The last moment before the money moves: what was refunded since, by us or outside, counts.
    IF v_order.left_cents < v_refund.amount_cents THEN
        RAISE EXCEPTION 'refund % of % exceeds the % that order % has left',
            p_refund_id, v_refund.amount_cents, v_order.left_cents, v_refund.order_id
            USING
                ERRCODE = 'TK601',
                HINT = 'Look for an earlier refund of the same order before lowering the amount.';
    END IF;

    IF v_refund.ticket_id IS NOT NULL AND EXISTS (
        SELECT FROM ticketing.refunds AS r
        WHERE
            r.tenant_id = v_refund.tenant_id
            AND r.ticket_id = v_refund.ticket_id
            AND r.status IN ('pending', 'approved', 'processing')
            AND r.id <> v_refund.id
    ) THEN
        RAISE EXCEPTION 'ticket % has an open refund', v_refund.ticket_id
            USING ERRCODE = 'TK606', HINT = 'Wait for its end, or cancel it first.';
    END IF;

    PERFORM ticketing.require_no_open_transaction(v_refund.tenant_id, v_refund.ticket_id);

    UPDATE ticketing.refunds AS r
    SET
        status = 'processing',
        provider = p_provider,
        failure_code = NULL,
        attempt_count = r.attempt_count + 1
    WHERE r.tenant_id = v_refund.tenant_id AND r.id = p_refund_id
    RETURNING r.id, r.status, r.amount_cents, r.currency, r.attempt_count, 'started'
    INTO refund_id, status, amount_cents, currency, attempt_count, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.start_refund(uuid, text) IS
    'Marks an approved or failed refund as under way at a provider. Commit it before the call of '
    'the provider, and give the provider the id of the refund as its idempotency key: then a '
    'repeated call pays once, and a webhook finds the row. One row, outcome started, or replayed '
    'when it is under way there already. Raises TK601 when the order has less left by now, TK606 '
    'when its ticket has another open refund, TK209 while a transaction of the ticket is in '
    'flight, TK201 from another status, TK001 without a provider, TK610 for a refund that the '
    'tenant has not, TK119 in a customer''s session.';

GRANT EXECUTE ON FUNCTION ticketing.start_refund(uuid, text) TO ticketing_app, ticketing_worker;
