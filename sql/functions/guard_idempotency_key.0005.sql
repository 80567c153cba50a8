CREATE OR REPLACE FUNCTION ticketing.guard_idempotency_key()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'an answered idempotency key was to be changed'
        USING
            ERRCODE = 'TK402',
            HINT = 'A repeat must get what the first request got; use another key, or wait until '
                'this one has expired.';
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_idempotency_key() IS
    'Trigger: refuses every change of a completed idempotency key (TK402), whoever makes it. Its '
    'condition stands in the trigger, so that it costs nothing until then.';
