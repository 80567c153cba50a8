CREATE OR REPLACE FUNCTION ticketing.expire_transactions(
    p_batch integer DEFAULT 100
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_expired integer;
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'a limit of % is not possible', coalesce(p_batch::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Ask for 1 to 10000 at a time.';
    END IF;

    -- Evidence and nothing else: a height that has passed says when to look, not what is there.
    -- A transaction that somebody is working on is left for the next round.
    WITH due AS (
        SELECT t.id
        FROM ticketing.pending_transactions AS t
        WHERE
            t.tenant_id = v_tenant_id
            AND t.status IN ('pending', 'confirming')
            AND t.not_found_at_height > t.last_valid_block_height
        ORDER BY t.submitted_at, t.id
        LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    )

    UPDATE ticketing.pending_transactions AS t
    SET
        status = 'expired',
        commitment = NULL,
        slot = NULL,
        confirmation_count = 0,
        error_code = NULL,
        error_message = NULL,
        expired_at = clock_timestamp()
    FROM due AS d
    WHERE t.tenant_id = v_tenant_id AND t.id = d.id;

    GET DIAGNOSTICS v_expired = ROW_COUNT;
    RETURN v_expired;
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_transactions(integer) IS
    'Expires up to p_batch open transactions of the tenant that are proved dead, not found at a '
    'finalized height above their last valid one, oldest first, and returns how many. Any number '
    'of callers may run it at once. What expired can then be replaced.';

GRANT EXECUTE ON FUNCTION ticketing.expire_transactions(integer)
TO ticketing_app, ticketing_worker;
