CREATE OR REPLACE FUNCTION ticketing.set_signed_tenant_context(
    p_token text,
    p_actor_type text DEFAULT NULL,
    p_reason text DEFAULT NULL,
    p_source text DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_context text[] := ticketing.accept_context_token(p_token);
BEGIN
    PERFORM ticketing.set_tenant_context(
        v_context[1]::uuid,
        nullif(v_context[2], '')::uuid,
        nullif(v_context[3], ''),
        p_actor_type,
        p_reason,
        p_source
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.set_signed_tenant_context(text, text, text, text) IS
    'Says for the rest of the transaction which tenant it works for, for which user with which '
    'role: what the application signed into the token (TK712 to TK715 when it is not to be '
    'believed). Then it is set_tenant_context(), with all its checks. It works the same whether or '
    'not the hardening is on, so services call it first and the hardening follows. Pass the token '
    'as a bound parameter: others of the same login can read the text of a statement in '
    'pg_stat_activity.';

GRANT EXECUTE ON FUNCTION ticketing.set_signed_tenant_context(text, text, text, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
