CREATE OR REPLACE FUNCTION ticketing.current_user_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN nullif((ticketing.signed_context())[2], '')::uuid;
END;
$function$;

COMMENT ON FUNCTION ticketing.current_user_id() IS
    'Person the running transaction acts for, as the application signed it; NULL when it named '
    'nobody, and without a signed context. The hardening is on: app.current_user_id is for show. '
    'Policies use it to narrow rows inside the tenant, never to widen.';
