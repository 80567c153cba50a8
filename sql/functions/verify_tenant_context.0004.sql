CREATE OR REPLACE FUNCTION ticketing.verify_tenant_context()
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    -- row_security is pinned above because a session that has it off would get an error here
    -- instead of an answer. An EXCEPTION block would do the same, but not in a parallel worker.
    RETURN EXISTS (
        SELECT 1
        FROM ticketing.tenants AS t
        WHERE t.id = v_tenant AND t.status = 'active'
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.verify_tenant_context() IS
    'True when the transaction has a tenant that is known here and active. False otherwise, also '
    'for a malformed setting; it never raises. require_tenant_context() is the form that does.';

GRANT EXECUTE ON FUNCTION ticketing.verify_tenant_context()
TO ticketing_app, ticketing_worker, ticketing_readonly;
