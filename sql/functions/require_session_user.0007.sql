CREATE OR REPLACE FUNCTION ticketing.require_session_user(
    p_user_id uuid
)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- A session that names nobody is a service, which knows whom it has before it. The raw setting
    -- and not current_user_id(): a user who is no uuid is somebody unknown, whatever the role, and
    -- not a service.
    IF coalesce(current_setting('app.current_user_id', TRUE), '') <> ''
        AND ticketing.current_user_id() IS DISTINCT FROM p_user_id
    THEN
        RAISE EXCEPTION 'the session belongs to another person'
            USING
                ERRCODE = 'TK738',
                HINT = 'Name the person of app.current_user_id; nobody acts in another''s name.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_session_user(uuid) IS
    'Refuses a session that has a user, when that is another person than the one named (TK738). '
    'Passes a service''s session, which has none.';

GRANT EXECUTE ON FUNCTION ticketing.require_session_user(uuid)
TO ticketing_app, ticketing_worker;
