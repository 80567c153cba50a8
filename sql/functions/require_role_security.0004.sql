CREATE OR REPLACE FUNCTION ticketing.require_role_security()
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_power text;
BEGIN
    IF ticketing.verify_role_security() THEN
        RETURN;
    END IF;

    SELECT string_agg(format('%s %s', r.rolname, p.power), ', ' ORDER BY r.rolname)
    INTO v_power
    FROM pg_catalog.pg_roles AS r
    CROSS JOIN LATERAL (
        SELECT
            CASE
                WHEN r.rolsuper THEN 'is a superuser'
                WHEN r.rolbypassrls THEN 'has BYPASSRLS'
                WHEN pg_has_role(r.oid, 'ticketing_owner', 'MEMBER')
                    THEN 'may act as ticketing_owner'
            END AS power
    ) AS p
    WHERE r.rolname IN (session_user, current_user) AND p.power IS NOT NULL;

    RAISE EXCEPTION 'row level security does not bind this session: %',
        coalesce(v_power, 'it is switched off on ticketing.tenants')
        USING
            ERRCODE = 'TK705',
            HINT = 'Log in as a role that is granted ticketing_app, ticketing_worker or '
                'ticketing_readonly and nothing stronger.';
END;
$function$;

COMMENT ON FUNCTION ticketing.require_role_security() IS
    'Refuses a session that row level security does not bind (TK705) and says which role has which '
    'power; verify_role_security() has the rule. set_tenant_context() calls it.';

GRANT EXECUTE ON FUNCTION ticketing.require_role_security()
TO ticketing_app, ticketing_worker, ticketing_readonly;
