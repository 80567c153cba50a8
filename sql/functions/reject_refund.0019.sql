CREATE OR REPLACE FUNCTION ticketing.reject_refund(
    p_refund_id uuid,
    p_reason text
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
    v_refund ticketing.refunds := ticketing.lock_refund(p_refund_id);
    v_before text;
BEGIN
    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'p_reason is missing'
            USING ERRCODE = 'TK001', HINT = 'Say why the refund is declined.';
    END IF;

    IF v_refund.status = 'rejected' THEN
        RETURN QUERY SELECT v_refund.id, v_refund.status, 'replayed';
        RETURN;
    END IF;

    v_before := ticketing.give_reason(p_reason);

    UPDATE ticketing.refunds AS r
    SET status = 'rejected'
    WHERE r.tenant_id = v_refund.tenant_id AND r.id = p_refund_id;

    PERFORM ticketing.give_reason(v_before);

    -- With the id of the refund, which is rejected once: a consumer can tell a repeat.
    INSERT INTO ticketing.outbox (
        tenant_id, id, aggregate_type, aggregate_id, event_type, payload
    ) VALUES (
        v_refund.tenant_id,
        v_refund.id,
        'refund',
        v_refund.id::text,
        'refund.rejected',
        jsonb_build_object(
            'refund_id', v_refund.id,
            'order_id', v_refund.order_id,
            'ticket_id', v_refund.ticket_id,
            'amount_cents', v_refund.amount_cents,
            'currency', v_refund.currency,
            'reason', p_reason
        )
    );

    RETURN QUERY SELECT v_refund.id, 'rejected', 'rejected';
END;
$function$;

COMMENT ON FUNCTION ticketing.reject_refund(uuid, text) IS
    'Declines a pending refund, for good; the outbox tells why, by refund.rejected. One row, '
    'outcome rejected or, when it was before, replayed. Raises TK201 when it is no longer '
    'pending, TK202 unless an admin or the system acts, TK001 without a reason, TK610 for a refund '
    'that the tenant has not, TK119 in a customer''s session.';

GRANT EXECUTE ON FUNCTION ticketing.reject_refund(uuid, text) TO ticketing_app, ticketing_worker;
