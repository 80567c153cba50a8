CREATE OR REPLACE FUNCTION ticketing.expire_holds(
    p_batch integer DEFAULT 1000
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch is not 1 to 100000'
            USING
                ERRCODE = 'TK001',
                HINT = 'Call it again, each time in a transaction of its own, while it expires as '
                    'many as it may.';
    END IF;

    RETURN ticketing.expire_overdue('holds', 'expires_at', '{active}', 'zone_id', p_batch);
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_holds(integer) IS
    'Expires overdue holds, the oldest first, at most p_batch (1 to 100000, else TK001), '
    'gives their places back and returns how many. Never one that somebody is confirming; one that '
    'cannot expire is left with a warning (TK042). Of the tenant in the context; without one, of '
    'every tenant. For background jobs alone. Correctness does not need it: an overdue hold cannot '
    'be confirmed and gives way to others.';

GRANT EXECUTE ON FUNCTION ticketing.expire_holds(integer) TO ticketing_worker;
