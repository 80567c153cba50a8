CREATE OR REPLACE FUNCTION ticketing.verify_role_security()
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Both names: a login that has switched to a harmless role can switch back. MEMBER counts
    -- every path, inherited or not, since a member can act as the owner, and every superuser.
    IF pg_has_role(session_user, 'ticketing_owner', 'MEMBER')
        OR pg_has_role(current_user, 'ticketing_owner', 'MEMBER')
        -- False for a role with BYPASSRLS.
        OR NOT row_security_active('ticketing.tenants'::regclass)
    THEN
        RETURN FALSE;
    END IF;

    IF session_user = current_user THEN
        RETURN TRUE;
    END IF;

    -- Only a login that has switched its role needs a look into the catalog.
    RETURN NOT EXISTS (
        SELECT 1
        FROM pg_catalog.pg_roles AS r
        WHERE r.rolname = session_user AND r.rolbypassrls
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.verify_role_security() IS
    'True when row level security binds this session: neither the login nor the role that it acts '
    'as is a superuser, has BYPASSRLS, or is ticketing_owner or a member of it by any path. Ask it '
    'when a service starts; require_role_security() is the form that raises.';

GRANT EXECUTE ON FUNCTION ticketing.verify_role_security()
TO ticketing_app, ticketing_worker, ticketing_readonly;
