CREATE OR REPLACE FUNCTION ticketing.fail_refund(
    p_refund_id uuid,
    p_failure_code text
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
BEGIN
    IF coalesce(btrim(p_failure_code), '') = '' THEN
        RAISE EXCEPTION 'p_failure_code is missing'
            USING ERRCODE = 'TK001', HINT = 'Give the code with which the provider refused.';
    END IF;

    IF v_refund.status = 'failed' THEN
        RETURN QUERY SELECT v_refund.id, v_refund.status, 'replayed';
        RETURN;
    END IF;

    UPDATE ticketing.refunds AS r
    SET status = 'failed', failure_code = p_failure_code
    WHERE r.tenant_id = v_refund.tenant_id AND r.id = p_refund_id;

    RETURN QUERY SELECT v_refund.id, 'failed', 'failed';
END;
$function$;

COMMENT ON FUNCTION ticketing.fail_refund(uuid, text) IS
    'Records that the provider refused a refund that is under way; start_refund() tries again. '
    'One row, outcome failed or, when it had failed before, replayed. Raises TK201 when it is '
    'completed by now, or not under way, TK001 without a code, TK610 for a refund that the tenant '
    'has not, TK119 in a customer''s session.';

GRANT EXECUTE ON FUNCTION ticketing.fail_refund(uuid, text) TO ticketing_app, ticketing_worker;
