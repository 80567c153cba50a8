CREATE OR REPLACE FUNCTION ticketing.acts_for_tenant()
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context text[] := ticketing.signed_context();
BEGIN
    -- Who throws the context away must not speak for more than who keeps it. Background jobs cross
    -- tenants without one, and their login says so; so does the owner's.
    IF v_context IS NULL THEN
        RETURN pg_has_role(session_user, 'ticketing_worker', 'MEMBER')
            OR pg_has_role(session_user, 'ticketing_owner', 'MEMBER');
    END IF;

    RETURN v_context[2] = '' OR v_context[3] IN ('staff', 'scanner', 'admin', 'superadmin');
END;
$function$;

COMMENT ON FUNCTION ticketing.acts_for_tenant() IS
    'True when the session speaks for the tenant as a whole: the application signed no user, or a '
    'user whose role is staff, scanner, admin or superadmin. False for one customer, and without a '
    'signed context, unless the login is of background jobs. The hardening is on: '
    'app.current_user_role is for show. It decides inside the tenant only; no role gives a view of '
    'another tenant.';
