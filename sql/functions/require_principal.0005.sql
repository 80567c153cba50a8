CREATE OR REPLACE FUNCTION ticketing.require_principal(
    p_user_id uuid DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_user_id uuid := ticketing.current_user_id();
BEGIN
    -- A malformed app.current_user_id reads as NULL: it must not pass for the service itself.
    IF (v_user_id IS NULL OR p_user_id <> v_user_id) AND NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session acts for another principal than itself'
            USING
                ERRCODE = 'TK401',
                HINT = 'Leave p_user_id out; app.current_user_id names the principal.';
    END IF;

    RETURN coalesce(p_user_id, v_user_id);
END;
$function$;

COMMENT ON FUNCTION ticketing.require_principal(uuid) IS
    'For whom the running transaction asks: p_user_id, else the user in app.current_user_id, else '
    'NULL, a service that names nobody. A customer''s session asks for itself alone (TK401), so '
    'that it is never given what somebody else was answered.';

GRANT EXECUTE ON FUNCTION ticketing.require_principal(uuid) TO ticketing_app, ticketing_worker;
