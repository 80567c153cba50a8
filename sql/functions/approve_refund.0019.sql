CREATE OR REPLACE FUNCTION ticketing.approve_refund(
    p_refund_id uuid,
    p_approved_by uuid DEFAULT NULL
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
    v_approver uuid := coalesce(p_approved_by, ticketing.current_user_id());
BEGIN
    IF p_approved_by IS NOT NULL THEN
        PERFORM ticketing.require_session_user(p_approved_by);
    END IF;

    IF v_refund.status = 'approved' AND v_refund.approved_by IS NOT DISTINCT FROM v_approver THEN
        RETURN QUERY SELECT v_refund.id, v_refund.status, 'replayed';
        RETURN;
    END IF;

    IF v_approver = v_refund.requested_by THEN
        RAISE EXCEPTION 'refund % was requested by the same person', p_refund_id
            USING ERRCODE = 'TK608', HINT = 'Let somebody else approve it.';
    END IF;

    IF v_refund.multisig_request_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM ticketing.multisig_approval_requests AS m
        WHERE
            m.tenant_id = v_refund.tenant_id
            AND m.id = v_refund.multisig_request_id
            AND m.status IN ('approved', 'executed')
    ) OR coalesce(v_approver, v_refund.multisig_request_id) IS NULL
    THEN
        RAISE EXCEPTION 'refund % lacks its approval', p_refund_id
            USING
                ERRCODE = 'TK620',
                HINT = 'Name the person who approves; one that waits for several people needs '
                    'their votes first.';
    END IF;

    UPDATE ticketing.refunds AS r
    SET status = 'approved', approved_by = v_approver
    WHERE r.tenant_id = v_refund.tenant_id AND r.id = p_refund_id;

    RETURN QUERY SELECT v_refund.id, 'approved', 'approved';
END;
$function$;

COMMENT ON FUNCTION ticketing.approve_refund(uuid, uuid) IS
    'Clears a pending refund for payout, in the name of p_approved_by, else of the session''s '
    'user. One row, outcome approved or, for the same approver again, replayed. Raises TK608 when '
    'the requester approves, TK620 when nobody does or the votes of its approval request are '
    'missing, TK201 when it is not pending, TK202 unless an admin or the system acts, TK738 for '
    'another person than the session''s, TK610 for a refund that the tenant has not, TK119 in a '
    'customer''s session.';

GRANT EXECUTE ON FUNCTION ticketing.approve_refund(uuid, uuid) TO ticketing_app, ticketing_worker;
