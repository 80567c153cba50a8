CREATE OR REPLACE FUNCTION ticketing.acts_for_tenant()
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- The raw setting, not current_user_id(): a malformed user must count as somebody unknown,
    -- not as the service itself.
    RETURN coalesce(current_setting('app.current_user_id', TRUE), '') = ''
        OR coalesce(current_setting('app.current_user_role', TRUE), '')
            IN ('staff', 'scanner', 'admin', 'superadmin');
END;
$function$;

COMMENT ON FUNCTION ticketing.acts_for_tenant() IS
    'True when the session speaks for the tenant as a whole: a service that names no user, or a '
    'user whose app.current_user_role is staff, scanner, admin or superadmin. False for one '
    'customer. It decides inside the tenant only; no role gives a view of another tenant.';

GRANT EXECUTE ON FUNCTION ticketing.acts_for_tenant()
TO ticketing_app, ticketing_worker, ticketing_readonly;
