CREATE OR REPLACE FUNCTION ticketing.current_user_id()
RETURNS uuid
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_user text := current_setting('app.current_user_id', TRUE);
BEGIN
    IF v_user LIKE '________-____-____-____-____________'
        AND v_user NOT LIKE '%-%-%-%-%-%'
        AND v_user !~ '[^0-9A-Fa-f-]'
    THEN
        RETURN v_user::uuid;
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.current_user_id() IS
    'Person the running transaction acts for, from app.current_user_id; NULL when the setting is '
    'missing, empty or no uuid. Policies use it to narrow rows inside the tenant, never to widen.';

GRANT EXECUTE ON FUNCTION ticketing.current_user_id()
TO ticketing_app, ticketing_worker, ticketing_readonly;
