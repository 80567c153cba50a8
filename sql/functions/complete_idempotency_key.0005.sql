CREATE OR REPLACE FUNCTION ticketing.complete_idempotency_key(
    p_key_id uuid,
    p_status text,
    p_response_status integer,
    p_response_body jsonb,
    p_resource_id uuid DEFAULT NULL,
    p_resource_type text DEFAULT NULL,
    p_lock_token text DEFAULT NULL,
    p_response_headers jsonb DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- An answer is worth storing only if a client that missed it can still ask for it.
    c_kept_for CONSTANT interval := interval '24 hours';
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_wrong text;
BEGIN
    IF v_tenant_id IS NULL THEN
        PERFORM ticketing.require_tenant(NULL);
    END IF;

    v_wrong := CASE
        WHEN p_key_id IS NULL THEN 'p_key_id is NULL'
        WHEN p_status IS DISTINCT FROM 'completed' THEN 'p_status is not completed'
        WHEN p_response_status IS NULL OR p_response_status NOT BETWEEN 100 AND 599
            THEN 'p_response_status is not an HTTP status, 100 to 599'
        WHEN p_lock_token IS NULL THEN 'p_lock_token is NULL'
    END;

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass key_id and lock_token as acquire_idempotency_key gave them. A failure '
                    'that may be tried again goes through ticketing.release_idempotency_lock.';
    END IF;

    UPDATE ticketing.idempotency_keys AS k
    SET
        status = 'completed',
        response_status = p_response_status,
        response_headers = p_response_headers,
        response_body = p_response_body,
        resource_id = p_resource_id,
        resource_type = p_resource_type,
        locked_at = NULL,
        locked_by = NULL,
        lock_expires_at = NULL,
        completed_at = v_now,
        completed_by = p_lock_token,
        expires_at = greatest(k.expires_at, v_now + c_kept_for)
    WHERE
        k.tenant_id = v_tenant_id
        AND k.id = p_key_id
        AND k.locked_by = p_lock_token;

    IF FOUND THEN
        RETURN TRUE;
    END IF;

    -- A caller that missed the answer asks again. The token tells it from one that was overtaken
    -- and happens to have the same result.
    RETURN EXISTS (
        SELECT 1
        FROM ticketing.idempotency_keys AS k
        WHERE
            k.tenant_id = v_tenant_id
            AND k.id = p_key_id
            AND k.status = 'completed'
            AND k.completed_by = p_lock_token
            AND (
                k.response_status, k.response_headers, k.response_body,
                k.resource_id, k.resource_type
            ) IS NOT DISTINCT FROM (
                p_response_status, p_response_headers, p_response_body,
                p_resource_id, p_resource_type
            )
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.complete_idempotency_key(
    uuid, text, integer, jsonb, uuid, text, text, jsonb
) IS
    'Stores the answer of a request and ends its lease. Call it in the transaction of the last '
    'local write: TRUE means commit, FALSE means that the request was taken over, so roll back. '
    'The lease may be over as long as nobody else took the request. The same token with the same '
    'answer is TRUE again. p_status is completed, and p_lock_token is required (TK001).';

GRANT EXECUTE ON FUNCTION ticketing.complete_idempotency_key(
    uuid, text, integer, jsonb, uuid, text, text, jsonb
) TO ticketing_app, ticketing_worker;
