CREATE OR REPLACE FUNCTION ticketing.find_idempotent_result(
    p_tenant_id uuid,
    p_key text,
    p_operation text,
    p_request_hash text,
    p_user_id uuid DEFAULT NULL
)
RETURNS TABLE (
    outcome text,
    key_id uuid,
    response_status integer,
    response_headers jsonb,
    response_body jsonb,
    resource_id uuid,
    resource_type text,
    retry_after integer
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_user_id uuid;
    v_now timestamptz := clock_timestamp();
    v_wrong text;
BEGIN
    PERFORM ticketing.require_tenant(p_tenant_id);
    v_user_id := ticketing.require_principal(p_user_id);

    SELECT
        CASE
            WHEN k.expires_at <= v_now
                AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= v_now)
                THEN 'absent'
            WHEN k.request_hash IS DISTINCT FROM p_request_hash
                OR k.user_id IS DISTINCT FROM v_user_id
                THEN 'mismatch'
            WHEN k.status = 'completed' THEN 'replay'
            WHEN k.lock_expires_at > v_now THEN 'in_progress'
            ELSE 'free'
        END,
        k.id,
        k.response_status,
        k.response_headers,
        k.response_body,
        k.resource_id,
        k.resource_type,
        ceil(extract(EPOCH FROM k.lock_expires_at - v_now))::integer
    INTO
        outcome, key_id, response_status, response_headers, response_body,
        resource_id, resource_type, retry_after
    FROM ticketing.idempotency_keys AS k
    WHERE
        k.tenant_id = p_tenant_id
        AND k.idempotency_key = p_key
        AND k.operation = p_operation;

    -- The row has the key, operation and hash of this call, so they need no test.
    IF outcome IN ('replay', 'in_progress') THEN
        RETURN NEXT;
        RETURN;
    END IF;

    v_wrong := ticketing.idempotent_request_fault(p_key, p_operation, p_request_hash);

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass the key of the client, the route and a hash of the whole request.';
    END IF;

    outcome := coalesce(outcome, 'absent');
    response_status := NULL;
    response_headers := NULL;
    response_body := NULL;
    resource_id := NULL;
    resource_type := NULL;
    retry_after := NULL;
    key_id := CASE WHEN outcome <> 'absent' THEN key_id END;
    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.find_idempotent_result(uuid, text, text, text, uuid) IS
    'Looks up what became of a request and writes nothing. One row. outcome absent: never run, or '
    'expired. replay: give the stored answer. mismatch: the key belongs to another request or '
    'another principal. in_progress: somebody runs it, try again after retry_after seconds. free: '
    'a run by acquire_idempotency_key failed or gave up; go on with that function. Raises TK001, '
    'TK401, TK701 and TK702 as that does.';

GRANT EXECUTE ON FUNCTION ticketing.find_idempotent_result(uuid, text, text, text, uuid)
TO ticketing_app, ticketing_worker;
