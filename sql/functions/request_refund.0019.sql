CREATE OR REPLACE FUNCTION ticketing.request_refund(
    p_order_id uuid,
    p_reason text,
    p_idempotency_key text,
    p_amount_cents bigint DEFAULT NULL,
    p_ticket_id uuid DEFAULT NULL,
    p_payment_id uuid DEFAULT NULL,
    p_source text DEFAULT NULL,
    p_requested_by uuid DEFAULT NULL
)
RETURNS TABLE (
    refund_id uuid,
    status text,
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
    c_live CONSTANT text[] := ARRAY['sold', 'minted', 'active', 'transferred', 'checked_in'];
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_user_id uuid;
    v_source text := coalesce(
        p_source, CASE WHEN ticketing.acts_for_tenant() THEN 'admin' ELSE 'buyer' END
    );
    v_order record;
    v_refund record;
    v_left bigint;
    v_amount bigint;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);
    v_user_id := ticketing.require_principal(p_requested_by);

    IF coalesce(btrim(p_idempotency_key), '') = '' THEN
        RAISE EXCEPTION 'a refund needs an idempotency key'
            USING
                ERRCODE = 'TK123',
                HINT = 'Pass a key that the client repeats when it sends the request again.';
    END IF;

    IF coalesce(btrim(p_reason), '') = ''
        OR length(p_idempotency_key) > 255
        OR p_amount_cents <= 0
        OR v_source NOT IN ('buyer', 'admin', 'event_cancellation', 'chargeback')
        OR (v_source <> 'buyer' AND NOT ticketing.acts_for_tenant())
    THEN
        RAISE EXCEPTION 'reason, key, amount or source of the refund is missing or out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'Give a reason, a key of up to 255 characters, an amount above zero or '
                    'none, and a source that the caller may name.';
    END IF;

    -- Everything about the money of one order queues here.
    SELECT
        o.paid_cents - o.refunded_cents AS left_cents,
        o.currency
    INTO v_order
    FROM ticketing.lock_order(p_order_id) AS o;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % does not exist', coalesce(p_order_id::text, 'NULL')
            USING
                ERRCODE = 'TK603',
                HINT = 'Check the id, or wait for the copy of the order; a customer has only '
                    'orders of their own.';
    END IF;

    SELECT
        r.id,
        r.status,
        r.amount_cents,
        r.currency,
        r.ticket_id,
        r.payment_id
    INTO v_refund
    FROM ticketing.refunds AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND r.order_id = p_order_id
        AND r.idempotency_key = p_idempotency_key;

    IF FOUND THEN
        IF v_refund.ticket_id IS DISTINCT FROM p_ticket_id
            OR v_refund.payment_id IS DISTINCT FROM p_payment_id
            OR v_refund.amount_cents <> p_amount_cents
        THEN
            RAISE EXCEPTION 'the idempotency key stands for another request'
                USING
                    ERRCODE = 'TK122',
                    HINT = 'Use a new key for a new request; repeat an old one unchanged.';
        END IF;

        RETURN QUERY SELECT
            v_refund.id,
            v_refund.status,
            v_refund.amount_cents,
            v_refund.currency,
            'replayed';
        RETURN;
    END IF;

    IF p_ticket_id IS NOT NULL THEN
        IF NOT EXISTS (
            SELECT FROM ticketing.tickets AS t
            WHERE
                t.tenant_id = v_tenant_id
                AND t.id = p_ticket_id
                AND t.order_id = p_order_id
                AND t.status = ANY (c_live)
        ) THEN
            RAISE EXCEPTION 'ticket % is not a live ticket of order %', p_ticket_id, p_order_id
                USING
                    ERRCODE = 'TK605',
                    HINT = 'Name a ticket of the order that has not ended, or leave it out.';
        END IF;

        IF EXISTS (
            SELECT FROM ticketing.refunds AS r
            WHERE
                r.tenant_id = v_tenant_id
                AND r.ticket_id = p_ticket_id
                AND r.status IN ('pending', 'approved', 'processing')
        ) THEN
            RAISE EXCEPTION 'ticket % has an open refund', p_ticket_id
                USING ERRCODE = 'TK606', HINT = 'Wait for its end, or cancel it first.';
        END IF;
    END IF;

    IF p_payment_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM ticketing.payments AS p
        WHERE
            p.tenant_id = v_tenant_id
            AND p.id = p_payment_id
            AND p.order_id = p_order_id
            AND p.status IN ('succeeded', 'disputed')
    ) THEN
        RAISE EXCEPTION 'payment % took no money for order %', p_payment_id, p_order_id
            USING
                ERRCODE = 'TK167',
                HINT = 'Correct p_payment_id, or wait for the copy of the payment.';
    END IF;

    -- What is asked for already is as good as gone.
    SELECT v_order.left_cents - coalesce(sum(r.amount_cents), 0)::bigint
    INTO v_left
    FROM ticketing.refunds AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND r.order_id = p_order_id
        AND r.status IN ('pending', 'approved', 'processing');

    v_amount := coalesce(
        p_amount_cents,
        CASE
            WHEN p_ticket_id IS NULL THEN v_left
            ELSE least(v_left, ticketing.refundable_of_ticket(p_ticket_id))
        END
    );

    IF v_amount <= 0 OR v_amount > v_left THEN
        RAISE EXCEPTION 'a refund of % exceeds the % that order % has left',
            v_amount, v_left, p_order_id
            USING
                ERRCODE = 'TK601',
                HINT = 'Look for an earlier refund of the same order before lowering the amount.';
    END IF;

    INSERT INTO ticketing.refunds AS r (
        tenant_id, order_id, ticket_id, payment_id, amount_cents, currency, reason, source,
        requested_by, idempotency_key
    ) VALUES (
        v_tenant_id, p_order_id, p_ticket_id, p_payment_id, v_amount, v_order.currency,
        p_reason, v_source, v_user_id, p_idempotency_key
    )
    RETURNING r.id, r.status, r.amount_cents, r.currency, 'requested'
    INTO refund_id, status, amount_cents, currency, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.request_refund(
    uuid, text, text, bigint, uuid, uuid, text, uuid
) IS
    'Asks for money back on an order; nothing moves yet. One row. outcome requested: a pending '
    'refund of p_amount_cents, else of what is left of the ticket, else of the order. replayed: '
    'the same key asked before, as status says. The row of the order is locked, and what is open '
    'counts as gone, so requests never add up to more than was paid (TK601). A customer asks for '
    'orders of their own. Raises TK603 for an order that is not known here, TK605 for a ticket '
    'that is not live or not of the order, TK606 for one with an open refund, TK167 for a payment '
    'that does not fit, TK122 when the key stands for another request, TK123 without a key, TK001 '
    'for a missing reason, an amount or a source out of range, TK401 for a customer who names '
    'another, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.request_refund(
    uuid, text, text, bigint, uuid, uuid, text, uuid
) TO ticketing_app, ticketing_worker;
