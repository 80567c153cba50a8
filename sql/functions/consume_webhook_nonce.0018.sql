CREATE OR REPLACE FUNCTION ticketing.consume_webhook_nonce(
    p_endpoint text,
    p_nonce text,
    p_sent_at timestamptz,
    p_payload_hash text DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_tolerance CONSTANT interval := interval '5 minutes';
    v_now timestamptz := clock_timestamp();
BEGIN
    IF p_sent_at IS NULL
        OR coalesce(length(p_endpoint), 0) NOT BETWEEN 1 AND 255
        OR coalesce(length(p_nonce), 0) NOT BETWEEN 1 AND 255
        OR length(p_payload_hash) > 255
    THEN
        RAISE EXCEPTION 'p_endpoint, p_nonce, p_sent_at or p_payload_hash is missing or too long'
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass what the signature covers: endpoint and nonce of 1 to 255 characters '
                    'and the time of sending.';
    END IF;

    -- Before the row: a nonce that is older than this may have been deleted already.
    IF p_sent_at NOT BETWEEN v_now - c_tolerance AND v_now + c_tolerance THEN
        RAISE EXCEPTION 'the webhook was sent at %, it is %', p_sent_at, v_now
            USING
                ERRCODE = 'TK043',
                HINT = 'Refuse it. Compare the clocks if fresh ones are refused too.';
    END IF;

    INSERT INTO ticketing.webhook_nonces (
        tenant_id, endpoint, nonce, received_at, sent_at, expires_at, payload_hash
    ) VALUES (
        ticketing.current_tenant_id(),
        p_endpoint,
        p_nonce,
        v_now,
        p_sent_at,
        -- One that was sent five minutes ahead is fresh for ten.
        v_now + 3 * c_tolerance,
        p_payload_hash
    )
    ON CONFLICT (endpoint, nonce) DO NOTHING;

    RETURN FOUND;
END;
$function$;

COMMENT ON FUNCTION ticketing.consume_webhook_nonce(text, text, timestamptz, text) IS
    'TRUE when a webhook arrives for the first time, FALSE for a replay. Call it after the '
    'signature was verified and in the transaction of the handler: when that fails, the nonce is '
    'free again for the sender''s next try. A second delivery waits for the first to end. Raises '
    'TK043 when it was sent more than 5 minutes before or after now, before anything is written, '
    'and TK001 for an argument that is missing or too long. The tenant of the context is noted, if '
    'there is one.';

GRANT EXECUTE ON FUNCTION ticketing.consume_webhook_nonce(text, text, timestamptz, text)
TO ticketing_worker;
