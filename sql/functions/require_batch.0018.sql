CREATE OR REPLACE FUNCTION ticketing.require_batch(
    p_batch integer
)
RETURNS integer
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'a batch of % is not possible', coalesce(p_batch::text, 'NULL')
            USING
                ERRCODE = 'TK001',
                HINT = 'Ask for 1 to 10000 at a time, and call it again, each time in a '
                    'transaction of its own, while it does as many as it may.';
    END IF;

    RETURN p_batch;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_batch(integer) IS
    'Hands the size of a batch back, or raises TK001 when it is not 1 to 10000. Bigger ones would '
    'hold row locks and counters for too long. For the functions of maintenance.';

GRANT EXECUTE ON FUNCTION ticketing.require_batch(integer) TO ticketing_worker;
