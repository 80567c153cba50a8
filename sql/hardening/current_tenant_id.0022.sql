CREATE OR REPLACE FUNCTION ticketing.current_tenant_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN (ticketing.signed_context())[1]::uuid;
END;
$function$;

COMMENT ON FUNCTION ticketing.current_tenant_id() IS
    'Tenant of the running transaction, as the application signed it; NULL without a signed '
    'context. The hardening is on: app.current_tenant_id is for show and believed by nobody. Every '
    'policy reads the tenant through this function alone, wrapped in a sub-select so that it runs '
    'once a statement.';
