CREATE OR REPLACE FUNCTION ticketing.acquire_idempotency_key(
    p_tenant_id uuid,
    p_key text,
    p_operation text,
    p_request_hash text,
    p_lock_holder text,
    p_lock_duration interval DEFAULT '5 minutes',
    p_user_id uuid DEFAULT NULL,
    p_time_to_live interval DEFAULT '24 hours',
    p_client_ip inet DEFAULT NULL,
    p_user_agent text DEFAULT NULL,
    p_request_id text DEFAULT NULL
)
RETURNS TABLE (
    key_id uuid,
    status text,
    is_new boolean,
    is_locked boolean,
    response_status integer,
    response_body jsonb,
    resource_id uuid,
    outcome text,
    acquired_as text,
    lock_token text,
    recovery_point text,
    retry_after integer,
    response_headers jsonb,
    resource_type text,
    attempt_count integer
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

    -- Whoever loses a race goes round once more and finds what the winner left.
    FOR v_try IN 1 .. c_tries LOOP
        v_now := clock_timestamp();

        -- Read before write: a replay writes nothing, and a new key pays one look at the index.
        SELECT
            CASE
                WHEN k.expires_at <= v_now
                    AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= v_now)
                    THEN 'expired'
                WHEN k.request_hash IS DISTINCT FROM p_request_hash
                    OR k.user_id IS DISTINCT FROM v_user_id
                    THEN 'mismatch'
                WHEN k.status = 'completed' THEN 'replay'
                WHEN k.lock_expires_at > v_now THEN 'in_progress'
                WHEN k.status = 'failed' THEN 'retry'
                ELSE 'recovered'
            END,
            FALSE,
            k.lock_expires_at > v_now IS TRUE,
            k.id,
            k.status,
            k.recovery_point,
            k.attempt_count,
            ceil(extract(EPOCH FROM k.lock_expires_at - v_now))::integer,
            k.response_status,
            k.response_headers,
            k.response_body,
            k.resource_id,
            k.resource_type
        INTO
            outcome, is_new, is_locked,
            key_id, status, recovery_point, attempt_count, retry_after,
            response_status, response_headers, response_body, resource_id, resource_type
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

        v_wrong := coalesce(
            ticketing.idempotent_request_fault(p_key, p_operation, p_request_hash),
            CASE
                WHEN p_lock_holder IS NULL OR length(p_lock_holder) NOT BETWEEN 1 AND 255
                    THEN 'p_lock_holder is not 1 to 255 characters long'
                WHEN p_lock_duration IS NULL
                    OR p_lock_duration NOT BETWEEN '1 second' AND '1 hour'
                    THEN 'p_lock_duration is not 1 second to 1 hour'
                WHEN p_time_to_live IS NULL
                    OR p_time_to_live NOT BETWEEN '24 hours' AND '366 days'
                    THEN 'p_time_to_live is not 24 hours to 366 days'
            END
        );

        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION '%', v_wrong
                USING
                    ERRCODE = 'TK001',
                    HINT = 'Pass the key of the client, the route and a hash of the whole request; '
                        'long work takes a lease of minutes and prolongs it with '
                        'ticketing.extend_idempotency_lock.';
        END IF;

        IF outcome IS NULL THEN
            INSERT INTO ticketing.idempotency_keys AS k (
                tenant_id, idempotency_key, operation, user_id, request_hash,
                locked_at, locked_by, lock_expires_at,
                client_ip, user_agent, request_id, last_run_at, created_at, expires_at
            ) VALUES (
                p_tenant_id, p_key, p_operation, v_user_id, p_request_hash,
                v_now, concat(p_lock_holder, ':', gen_random_uuid()), v_now + p_lock_duration,
                p_client_ip, left(p_user_agent, 512), left(p_request_id, 255), v_now, v_now,
                v_now + p_time_to_live
            )
            ON CONFLICT (tenant_id, idempotency_key, operation) DO NOTHING
            RETURNING
                'acquired', 'new', TRUE, FALSE,
                k.id, k.status, k.locked_by, k.recovery_point, k.attempt_count
            INTO
                outcome, acquired_as, is_new, is_locked,
                key_id, status, lock_token, recovery_point, attempt_count;
        ELSIF outcome = 'expired' THEN
            -- Deleted, not reset: the next user of the key gets a key_id of its own, so that
            -- neither a late holder nor a key derived for another service can mix the two up.
            DELETE FROM ticketing.idempotency_keys AS k
            WHERE
                k.tenant_id = p_tenant_id
                AND k.id = key_id
                AND k.expires_at <= v_now
                AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= v_now);
            CONTINUE;
        ELSIF outcome = 'mismatch' THEN
            -- Whose answer it is and how far it got is nobody else's business.
            status := NULL;
            is_locked := FALSE;
            recovery_point := NULL;
            attempt_count := NULL;
            retry_after := NULL;
            response_status := NULL;
            response_headers := NULL;
            response_body := NULL;
            resource_id := NULL;
            resource_type := NULL;
        ELSE
            -- The conditions again: a faster caller is waited for, and its lease is not over.
            -- Not status = 'processing', which would invite a scan of idx_idempotency_stuck.
            UPDATE ticketing.idempotency_keys AS k
            SET
                status = 'processing',
                locked_at = v_now,
                locked_by = concat(p_lock_holder, ':', gen_random_uuid()),
                lock_expires_at = v_now + p_lock_duration,
                attempt_count = k.attempt_count + 1,
                client_ip = p_client_ip,
                user_agent = left(p_user_agent, 512),
                request_id = left(p_request_id, 255),
                last_run_at = v_now,
                expires_at = greatest(k.expires_at, v_now + p_time_to_live)
            WHERE
                k.tenant_id = p_tenant_id
                AND k.id = key_id
                AND k.status <> 'completed'
                AND (k.status = 'failed') = (outcome = 'retry')
                AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= v_now)
            RETURNING
                'acquired', outcome, NULL::integer,
                k.id, k.status, k.locked_by, k.recovery_point, k.attempt_count
            INTO
                outcome, acquired_as, retry_after,
                key_id, status, lock_token, recovery_point, attempt_count;
        END IF;

        IF outcome IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END LOOP;

    RAISE EXCEPTION 'the idempotency key changed hands % times while it was being looked at',
        c_tries
        USING
            ERRCODE = 'serialization_failure',
            HINT = 'Start the transaction again.';
END;
$function$;

COMMENT ON FUNCTION ticketing.acquire_idempotency_key(
    uuid, text, text, text, text, interval, uuid, interval, inet, text, text
) IS
    'Asks for the right to run a request once; commit it before the work starts, since until then '
    'a repeat waits instead of being told. One row. outcome acquired: run it; acquired_as says '
    'whether the key is new, was recovered from a holder that gave up, or is a retry of a failure, '
    'and recovery_point where to go on; lock_token is needed for every further call and is known '
    'to this caller alone. in_progress: another caller holds it (is_locked), try again after '
    'retry_after seconds. replay: give the stored answer. mismatch: the key belongs to another '
    'request or another principal, whose answer is not told. An expired key counts as unused. '
    'Raises TK001 for an argument out of range (lease 1 second to 1 hour, time to live 24 hours to '
    '366 days), TK401 when a customer''s session names another principal, TK701 or TK702 for the '
    'tenant, 40001 in the unlikely case that ten looks in a row were overtaken.';

GRANT EXECUTE ON FUNCTION ticketing.acquire_idempotency_key(
    uuid, text, text, text, text, interval, uuid, interval, inet, text, text
) TO ticketing_app, ticketing_worker;
