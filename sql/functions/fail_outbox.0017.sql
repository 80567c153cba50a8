CREATE OR REPLACE FUNCTION ticketing.fail_outbox(
    p_id uuid,
    p_token text,
    p_error text,
    p_retry_in interval DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_first CONSTANT interval := interval '1 second';
    c_longest CONSTANT interval := interval '15 minutes';
    -- As in claim_outbox.
    c_never CONSTANT interval := interval '100 years';
    v_status text;
    v_wrong text;
BEGIN
    v_wrong := CASE
        WHEN p_id IS NULL THEN 'p_id is NULL'
        WHEN p_token IS NULL THEN 'p_token is NULL'
        WHEN coalesce(btrim(p_error), '') = '' THEN 'p_error says nothing'
        WHEN p_retry_in NOT BETWEEN '0 seconds' AND '1 day'
            THEN 'p_retry_in is not 0 seconds to 1 day'
    END;

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass id and lock_token as ticketing.claim_outbox gave them, and why the '
                    'event could not be sent.';
    END IF;

    -- Doubled with each attempt. The random half keeps events that failed together from coming
    -- back together.
    UPDATE ticketing.outbox AS o
    SET
        status = CASE WHEN o.attempts < o.max_attempts THEN 'pending' ELSE 'dead' END,
        next_attempt_at = clock_timestamp()
        + CASE
            WHEN o.attempts >= o.max_attempts THEN c_never
            ELSE coalesce(
                p_retry_in,
                least(c_first * 2 ^ least(o.attempts - 1, 20), c_longest) * (0.5 + random() / 2)
            )
        END,
        last_error = left(p_error, 2000),
        locked_by = NULL,
        locked_until = NULL
    WHERE o.locked_by = p_token AND o.id = p_id
    RETURNING o.status INTO v_status;

    RETURN coalesce(v_status, 'lost');
END;
$function$;

COMMENT ON FUNCTION ticketing.fail_outbox(uuid, text, text, interval) IS
    'Ends the lease of an event that could not be sent and says what becomes of it. pending: it '
    'comes back after p_retry_in, or else after a back-off that doubles from a second to a quarter '
    'of an hour, a random half of it at least. dead: that was its last attempt; alert a person, as '
    'the later events of its aggregate wait for requeue_outbox. lost: the lease was, so another '
    'relay has it. TK001 for NULL, an error that says nothing, or a retry not within a day.';

GRANT EXECUTE ON FUNCTION ticketing.fail_outbox(uuid, text, text, interval) TO ticketing_worker;
