CREATE OR REPLACE FUNCTION ticketing.record_idempotent_result(
    p_tenant_id uuid,
    p_key text,
    p_operation text,
    p_request_hash text,
    p_response_status integer,
    p_response_body jsonb,
    p_resource_id uuid DEFAULT NULL,
    p_resource_type text DEFAULT NULL,
    p_response_headers jsonb DEFAULT NULL,
    p_user_id uuid DEFAULT NULL,
    p_time_to_live interval DEFAULT '24 hours',
    p_client_ip inet DEFAULT NULL,
    p_user_agent text DEFAULT NULL,
    p_request_id text DEFAULT NULL
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
    c_tries CONSTANT integer := 10;
    v_user_id uuid;
    v_now timestamptz;
    v_wrong text;
BEGIN
    PERFORM ticketing.require_tenant(p_tenant_id);
    v_user_id := ticketing.require_principal(p_user_id);
    v_wrong := coalesce(
        ticketing.idempotent_request_fault(p_key, p_operation, p_request_hash),
        CASE
            WHEN p_response_status IS NULL OR p_response_status NOT BETWEEN 100 AND 599
                THEN 'p_response_status is not an HTTP status, 100 to 599'
            WHEN p_time_to_live IS NULL OR p_time_to_live NOT BETWEEN '24 hours' AND '366 days'
                THEN 'p_time_to_live is not 24 hours to 366 days'
        END
    );

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Record what a repeat should be answered; after a failure that may pass, '
                    'roll back and record nothing.';
    END IF;

    FOR v_try IN 1 .. c_tries LOOP
        v_now := clock_timestamp();

        INSERT INTO ticketing.idempotency_keys AS k (
            tenant_id, idempotency_key, operation, user_id, request_hash, status,
            response_status, response_headers, response_body, resource_id, resource_type,
            client_ip, user_agent, request_id,
            last_run_at, completed_at, created_at, expires_at
        ) VALUES (
            p_tenant_id, p_key, p_operation, v_user_id, p_request_hash, 'completed',
            p_response_status, p_response_headers, p_response_body, p_resource_id, p_resource_type,
            p_client_ip, left(p_user_agent, 512), left(p_request_id, 255),
            v_now, v_now, v_now, v_now + p_time_to_live
        )
        ON CONFLICT (tenant_id, idempotency_key, operation) DO NOTHING
        RETURNING k.id INTO key_id;

        IF FOUND THEN
            outcome := 'recorded';
            response_status := p_response_status;
            response_headers := p_response_headers;
            response_body := p_response_body;
            resource_id := p_resource_id;
            resource_type := p_resource_type;
            RETURN NEXT;
            RETURN;
        END IF;

        SELECT
            f.outcome,
            f.key_id,
            f.response_status,
            f.response_headers,
            f.response_body,
            f.resource_id,
            f.resource_type,
            f.retry_after
        INTO
            outcome, key_id, response_status, response_headers, response_body,
            resource_id, resource_type, retry_after
        FROM ticketing.find_idempotent_result(
            p_tenant_id, p_key, p_operation, p_request_hash, p_user_id
        ) AS f;

        IF outcome <> 'absent' THEN
            RETURN NEXT;
            RETURN;
        END IF;

        -- In the way, but expired or gone since.
        v_now := clock_timestamp();

        DELETE FROM ticketing.idempotency_keys AS k
        WHERE
            k.tenant_id = p_tenant_id
            AND k.idempotency_key = p_key
            AND k.operation = p_operation
            AND k.expires_at <= v_now
            AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= v_now);
    END LOOP;

    RAISE EXCEPTION 'the idempotency key changed hands % times while it was being looked at',
        c_tries
        USING
            ERRCODE = 'serialization_failure',
            HINT = 'Start the transaction again.';
END;
$function$;

COMMENT ON FUNCTION ticketing.record_idempotent_result(
    uuid, text, text, text, integer, jsonb, uuid, text, jsonb, uuid, interval, inet, text, text
) IS
    'Stores key and answer at once, as the last step of a request that is one local transaction '
    'and calls nobody else: half the writes of acquiring and completing. outcome recorded: commit. '
    'Anything else: roll the work back; the other words and their answers are those of '
    'find_idempotent_result, which such a request calls first. Of two that meet the later one '
    'waits here and is then told replay. Raises TK001, TK401, TK701, TK702 and 40001 as '
    'acquire_idempotency_key does.';

GRANT EXECUTE ON FUNCTION ticketing.record_idempotent_result(
    uuid, text, text, text, integer, jsonb, uuid, text, jsonb, uuid, interval, inet, text, text
) TO ticketing_app, ticketing_worker;
