CREATE OR REPLACE FUNCTION ticketing.require_session_user(
    p_user_id uuid
)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context text[] := ticketing.signed_context();
BEGIN
    -- A session that names nobody is a service, which knows whom it has before it, if the
    -- application signed that; one without a signed context is nobody, unless it is a job.
    IF v_context IS NULL AND NOT ticketing.acts_for_tenant()
        OR v_context[2] <> '' AND v_context[2] IS DISTINCT FROM p_user_id::text
    THEN
        RAISE EXCEPTION 'the session belongs to another person'
            USING
                ERRCODE = 'TK738',
                HINT = 'Name the person of the signed context; nobody acts in another''s name.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_session_user(uuid) IS
    'Refuses a session that has a user, when that is another person than the one named (TK738), '
    'and one without a signed context, unless its login is of background jobs. Passes a service''s '
    'session, for which the application signed no user. The hardening is on.';
