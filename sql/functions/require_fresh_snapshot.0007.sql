CREATE OR REPLACE FUNCTION ticketing.require_fresh_snapshot()
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- SERIALIZABLE notices by itself that two have counted past each other (40001).
    IF current_setting('transaction_isolation') = 'repeatable read' THEN
        RAISE EXCEPTION 'a transaction at REPEATABLE READ cannot count what others just committed'
            USING ERRCODE = 'TK729', HINT = 'Use READ COMMITTED, or SERIALIZABLE with a retry.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_fresh_snapshot() IS
    'Refuses REPEATABLE READ (TK729): its snapshot is older than the lock under which a function '
    'counts, so that two callers would pass a limit, or a threshold, together. Called by functions '
    'that count rows they do not update.';

GRANT EXECUTE ON FUNCTION ticketing.require_fresh_snapshot()
TO ticketing_app, ticketing_worker;
