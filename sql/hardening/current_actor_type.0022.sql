CREATE OR REPLACE FUNCTION ticketing.current_actor_type()
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_actor text := coalesce(current_setting('app.actor_type', TRUE), '');
    v_context text[] := ticketing.signed_context();
BEGIN
    IF v_actor IN ('user', 'system', 'admin', 'service') THEN
        RETURN v_actor;
    END IF;

    IF v_actor <> '' THEN
        RAISE EXCEPTION 'app.actor_type is none of user, system, admin, service'
            USING
                ERRCODE = 'TK204',
                HINT = 'Set it to one of the four, or leave it out.';
    END IF;

    IF coalesce(v_context[2], '') = '' THEN
        RETURN 'service';
    END IF;

    RETURN CASE WHEN v_context[3] IN ('admin', 'superadmin') THEN 'admin' ELSE 'user' END;
END;
$function$;

COMMENT ON FUNCTION ticketing.current_actor_type() IS
    'Who acts in the running transaction: user, system, admin or service. From app.actor_type, '
    'which is not signed even with the hardening on, because functions of the schema act as system '
    'in every session; when that is not set, from the signed context: service without a user, '
    'admin for a user with role admin or superadmin, else user. State machines test it and history '
    'rows keep it; anything else in the setting is refused (TK204).';
