CREATE OR REPLACE FUNCTION ticketing.approve_request(
    p_request_id uuid,
    p_approver_id uuid,
    p_operation_hash text,
    p_signature text DEFAULT NULL,
    p_signature_algorithm text DEFAULT NULL
)
RETURNS TABLE (
    status text,
    approvals integer,
    required_approvals integer,
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

    IF p_approver_id IS NULL
        OR p_operation_hash IS NULL
        OR (p_signature IS NULL) <> (p_signature_algorithm IS NULL)
    THEN
        RAISE EXCEPTION 'an argument is missing'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the person and the hash of what was seen; a signature comes with its '
                    'algorithm.';
    END IF;

    -- Of one vote sent twice at once, the second waits here and finds the first.
    PERFORM ticketing.lock_approval_request(p_request_id);

    v_is_replay := EXISTS (
        SELECT 1
        FROM ticketing.multisig_approvals AS a
        WHERE
            a.tenant_id = v_tenant_id
            AND a.request_id = p_request_id
            AND a.approver_id = p_approver_id
            AND a.operation_hash = p_operation_hash
    );

    IF v_is_replay THEN
        PERFORM ticketing.require_session_user(p_approver_id);
    ELSE
        INSERT INTO ticketing.multisig_approvals (
            tenant_id, request_id, approver_id, operation_hash, signature, signature_algorithm
        ) VALUES (
            v_tenant_id, p_request_id, p_approver_id, p_operation_hash, p_signature,
            p_signature_algorithm
        );
    END IF;

    RETURN QUERY
    SELECT r.status, ticketing.valid_approvals(r), r.required_approvals, v_is_replay
    FROM ticketing.multisig_approval_requests AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = p_request_id;
END;
$function$;

COMMENT ON FUNCTION ticketing.approve_request(uuid, uuid, text, text, text) IS
    'Approves a request in one person''s name; returns its status and how many of the approvals '
    'that it needs it has. The last one makes it approved. The same call again changes nothing and '
    'answers is_replay. Raises TK731 for an unknown request, TK732 and TK733 when it is decided or '
    'past its time, TK734 to TK738 for a vote that this person may not give; the triggers do, so '
    'an INSERT into multisig_approvals is refused alike.';

GRANT EXECUTE ON FUNCTION ticketing.approve_request(uuid, uuid, text, text, text)
TO ticketing_app, ticketing_worker;
