CREATE OR REPLACE FUNCTION ticketing.ack_outbox(
    p_ids uuid[],
    p_token text
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_acknowledged integer;
BEGIN
    IF p_ids IS NULL OR array_position(p_ids, NULL) IS NOT NULL OR p_token IS NULL THEN
        RAISE EXCEPTION '% is NULL',
            CASE WHEN p_token IS NULL THEN 'p_token' ELSE 'p_ids, or an id in it,' END
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass id and lock_token as ticketing.claim_outbox gave them.';
    END IF;

    -- A lease that is over still counts while nobody else has taken the event.
    UPDATE ticketing.outbox AS o
    SET
        status = 'processed',
        processed_at = clock_timestamp(),
        locked_by = NULL,
        locked_until = NULL
    WHERE o.locked_by = p_token AND o.id = ANY (p_ids);

    GET DIAGNOSTICS v_acknowledged = ROW_COUNT;
    RETURN v_acknowledged;
END;
$function$;

COMMENT ON FUNCTION ticketing.ack_outbox(uuid[], text) IS
    'Marks events as delivered and returns how many. Fewer than were passed: the rest was '
    'acknowledged before, or its lease was lost to another relay, which delivers it once more; '
    'either way there is nothing to do. p_token is the lock_token of the claim. TK001 for NULL.';

GRANT EXECUTE ON FUNCTION ticketing.ack_outbox(uuid[], text) TO ticketing_worker;
