CREATE OR REPLACE FUNCTION ticketing.context_is_signed()
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN FALSE;
END;
$function$;

COMMENT ON FUNCTION ticketing.context_is_signed() IS
    'False: the context is plain variables, a guard against mistakes and not against whoever can '
    'run SQL of their own. The command ticket-schema harden signed-context puts a form in its '
    'place that answers true.';

GRANT EXECUTE ON FUNCTION ticketing.context_is_signed()
TO ticketing_app, ticketing_worker, ticketing_readonly;
