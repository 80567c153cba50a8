CREATE OR REPLACE FUNCTION ticketing.reject_request(
    p_request_id uuid,
    p_rejecter_id uuid,
    p_reason text
)
RETURNS TABLE (
    status text,
    rejections integer,
    required_rejections integer,
    is_replay boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_is_replay boolean;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF p_rejecter_id IS NULL OR btrim(coalesce(p_reason, '')) = '' THEN
        RAISE EXCEPTION 'person or reason is missing'
            USING ERRCODE = 'TK001', HINT = 'Say who rejects the request, and why.';
    END IF;

    -- Of one vote sent twice at once, the second waits here and finds the first.
    PERFORM ticketing.lock_approval_request(p_request_id);

    v_is_replay := EXISTS (
        SELECT 1
        FROM ticketing.multisig_rejections AS x
        WHERE
            x.tenant_id = v_tenant_id
            AND x.request_id = p_request_id
            AND x.rejecter_id = p_rejecter_id
    );

    IF v_is_replay THEN
        PERFORM ticketing.require_session_user(p_rejecter_id);
    ELSE
        INSERT INTO ticketing.multisig_rejections (tenant_id, request_id, rejecter_id, reason)
        VALUES (v_tenant_id, p_request_id, p_rejecter_id, p_reason);
    END IF;

    RETURN QUERY
    SELECT
        r.status,
        (
            SELECT count(*)
            FROM ticketing.multisig_rejections AS x
            WHERE x.tenant_id = r.tenant_id AND x.request_id = r.id
        )::integer,
        r.required_rejections,
        v_is_replay
    FROM ticketing.multisig_approval_requests AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = p_request_id;
END;
$function$;

COMMENT ON FUNCTION ticketing.reject_request(uuid, uuid, text) IS
    'Votes against a request in one person''s name, for a reason; returns its status and how many '
    'of the rejections that end it there are. The requester''s own call withdraws a pending '
    'request at once. An approved one is ended by a single call of an administrator '
    '(app.actor_type or role; TK202 for others). The same person again changes nothing and answers '
    'is_replay. Raises TK001 without a reason, TK731 for an unknown request, TK732 to TK738 as '
    'approve_request does.';

GRANT EXECUTE ON FUNCTION ticketing.reject_request(uuid, uuid, text)
TO ticketing_app, ticketing_worker;
