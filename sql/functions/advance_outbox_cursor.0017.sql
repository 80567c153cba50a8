CREATE OR REPLACE FUNCTION ticketing.advance_outbox_cursor(
    p_consumer text,
    p_from_seq bigint,
    p_to_seq bigint
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_safe bigint;
BEGIN
    IF p_consumer IS NULL OR p_from_seq IS NULL OR p_to_seq IS NULL OR p_to_seq < p_from_seq THEN
        RAISE EXCEPTION '%', CASE
            WHEN p_consumer IS NULL THEN 'p_consumer is NULL'
            WHEN p_from_seq IS NULL THEN 'p_from_seq is NULL'
            WHEN p_to_seq IS NULL THEN 'p_to_seq is NULL'
            ELSE 'p_to_seq is before p_from_seq'
        END
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass cursor_seq and the last seq of what ticketing.read_outbox_log gave.';
    END IF;

    UPDATE ticketing.outbox_cursors AS c
    SET seq = p_to_seq
    WHERE
        c.consumer = p_consumer
        AND c.seq = p_from_seq
        AND c.safe_seq >= p_to_seq;

    IF FOUND THEN
        RETURN TRUE;
    END IF;

    SELECT c.safe_seq
    INTO v_safe
    FROM ticketing.outbox_cursors AS c
    WHERE c.consumer = p_consumer;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'no consumer % is known', quote_literal(p_consumer)
            USING
                ERRCODE = 'TK182',
                HINT = 'Insert its name into ticketing.outbox_cursors once.';
    END IF;

    IF p_to_seq > v_safe THEN
        RAISE EXCEPTION 'the log is complete up to % and not up to %', v_safe, p_to_seq
            USING
                ERRCODE = 'TK183',
                HINT = 'Go no further than the last seq that ticketing.read_outbox_log gave.';
    END IF;

    RETURN FALSE;
END;
$function$;

COMMENT ON FUNCTION ticketing.advance_outbox_cursor(text, bigint, bigint) IS
    'Moves the cursor of a consumer from where it read to what it has dealt with. FALSE: the '
    'cursor is no longer at p_from_seq, because another process of the same consumer moved it; '
    'read again. TK001 for NULL or a step back, TK182 for an unknown consumer, TK183 for a step '
    'past what read_outbox_log may give out. Call it in the transaction of the work where that is '
    'in this database: then each event counts once.';

GRANT EXECUTE ON FUNCTION ticketing.advance_outbox_cursor(text, bigint, bigint)
TO ticketing_worker;
