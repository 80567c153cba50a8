CREATE OR REPLACE FUNCTION ticketing.complete_refund(
    p_order_id uuid,
    p_provider text,
    p_provider_refund_id text,
    p_amount_cents bigint,
    p_currency text,
    p_refund_id uuid DEFAULT NULL,
    p_payment_id uuid DEFAULT NULL,
    p_reason text DEFAULT 'refunded at the provider'
)
RETURNS TABLE (
    refund_id uuid,
    status text,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_candidates uuid[];
    v_refund record;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not decide on refunds'
            USING
                ERRCODE = 'TK119',
                HINT = 'Let the service do it, in a session that acts for the tenant.';
    END IF;

    IF p_order_id IS NULL
        OR coalesce(btrim(p_provider), '') = ''
        OR coalesce(btrim(p_provider_refund_id), '') = ''
        OR length(p_provider_refund_id) > 255
        OR p_amount_cents IS NULL
        OR p_amount_cents <= 0
        OR p_currency IS NULL
        OR p_currency !~ '^[A-Z]{3}$'
        OR coalesce(btrim(p_reason), '') = ''
    THEN
        RAISE EXCEPTION 'what the provider says of the refund is incomplete or too long'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the order, the provider, its id for the refund of up to 255 '
                    'characters, an amount above zero, three capital letters for the currency, and a reason.';
    END IF;

    -- The answer of the provider and its webhook queue here, whichever comes first; so does
    -- whoever is about to call the provider.
    PERFORM
    FROM ticketing.lock_order(p_order_id);

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % does not exist', p_order_id
            USING
                ERRCODE = 'TK603',
                HINT = 'Wait for the copy of the order; let the provider deliver again.';
    END IF;

    SELECT r.id
    INTO refund_id
    FROM ticketing.refunds AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND r.provider = p_provider
        AND r.provider_refund_id = p_provider_refund_id;

    IF refund_id IS NULL AND p_refund_id IS NULL THEN
        -- A webhook that does not hand our id back, before the answer to the call: it is about
        -- the one refund that waits for an answer.
        SELECT array_agg(r.id)
        INTO v_candidates
        FROM ticketing.refunds AS r
        WHERE
            r.tenant_id = v_tenant_id
            AND r.order_id = p_order_id
            AND r.provider = p_provider
            AND r.provider_refund_id IS NULL
            AND r.amount_cents = p_amount_cents
            AND r.currency = p_currency
            AND r.status = 'processing';

        IF cardinality(v_candidates) > 1 THEN
            RAISE EXCEPTION 'order % waits for % such refunds', p_order_id, cardinality(v_candidates)
                USING
                    ERRCODE = 'TK609',
                    HINT = 'Give p_refund_id, or let the provider deliver again when its answers '
                        'are recorded.';
        END IF;

        refund_id := v_candidates[1];
    END IF;

    IF refund_id IS NULL AND p_refund_id IS NULL THEN
        INSERT INTO ticketing.refunds AS r (
            tenant_id, order_id, payment_id, amount_cents, currency, status, reason, source,
            provider, provider_refund_id, processed_at
        ) VALUES (
            v_tenant_id, p_order_id, p_payment_id, p_amount_cents, p_currency, 'completed',
            p_reason, 'external', p_provider, p_provider_refund_id, clock_timestamp()
        )
        RETURNING r.id, r.status, 'recorded'
        INTO refund_id, status, outcome;

        RETURN NEXT;
        RETURN;
    END IF;

    refund_id := coalesce(refund_id, p_refund_id);

    SELECT
        r.order_id,
        r.provider,
        r.provider_refund_id,
        r.amount_cents,
        r.currency,
        r.status
    INTO v_refund
    FROM ticketing.refunds AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = complete_refund.refund_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'refund % does not exist', refund_id
            USING
                ERRCODE = 'TK610',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    IF v_refund.order_id <> p_order_id
        OR refund_id <> p_refund_id
        OR v_refund.provider <> p_provider
        OR v_refund.provider_refund_id <> p_provider_refund_id
        OR v_refund.amount_cents <> p_amount_cents
        OR v_refund.currency <> p_currency
    THEN
        RAISE EXCEPTION 'the refund is recorded already, for something else'
            USING
                ERRCODE = 'TK607',
                HINT = 'Compare order, provider, ids, amount and currency with the row.';
    END IF;

    IF v_refund.status = 'completed' THEN
        status := 'completed';
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    -- News of success after news of failure: the provider has tried again.
    IF v_refund.status = 'failed' THEN
        UPDATE ticketing.refunds AS r
        SET status = 'processing', failure_code = NULL
        WHERE r.tenant_id = v_tenant_id AND r.id = complete_refund.refund_id;
    END IF;

    UPDATE ticketing.refunds AS r
    SET
        status = 'completed',
        provider = p_provider,
        provider_refund_id = p_provider_refund_id,
        payment_id = coalesce(r.payment_id, p_payment_id),
        processed_at = clock_timestamp()
    WHERE r.tenant_id = v_tenant_id AND r.id = complete_refund.refund_id
    RETURNING r.status, 'completed'
    INTO status, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.complete_refund(
    uuid, text, text, bigint, text, uuid, uuid, text
) IS
    'Records that a provider has paid money back, from its answer and from its webhook, in any '
    'order and any number of times: one refund of a provider is one row. outcome completed: a '
    'refund that was under way, found by p_refund_id, by the provider''s id, or as the only one of '
    'that amount that waits at that provider. recorded: none of ours, so it was made outside; it '
    'counts all the same. replayed: it was known. The sums of order and payment, and the tickets '
    'that it ends, follow by trigger. Raises TK601 beyond what was paid, TK607 when row and news '
    'differ, TK609 when several refunds could be meant, TK610 for a p_refund_id that the tenant '
    'has not, TK603 for an order that is not known here, TK201 when it was never started, TK209 '
    'while a transaction of a ticket is in flight (deliver again), TK119 in a customer''s '
    'session, TK001 for incomplete news, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.complete_refund(
    uuid, text, text, bigint, text, uuid, uuid, text
) TO ticketing_app, ticketing_worker;
