CREATE OR REPLACE FUNCTION ticketing.context_is_signed()
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN TRUE;
END;
$function$;

COMMENT ON FUNCTION ticketing.context_is_signed() IS
    'True: only a context that the application signed counts, see set_signed_tenant_context(). The '
    'command ticket-schema harden signed-context --off goes back to plain variables.';
