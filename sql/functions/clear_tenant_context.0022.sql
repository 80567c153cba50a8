CREATE OR REPLACE FUNCTION ticketing.clear_tenant_context()
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM
        set_config('app.signed_context', '', TRUE),
        set_config('app.current_tenant_id', '', TRUE),
        set_config('app.current_user_id', '', TRUE),
        set_config('app.current_user_role', '', TRUE),
        set_config('app.actor_type', '', TRUE),
        set_config('app.status_change_reason', '', TRUE),
        set_config('app.status_change_source', '', TRUE);
END;
$function$;

COMMENT ON FUNCTION ticketing.clear_tenant_context() IS
    'Empties the seven context variables for the rest of the transaction: no tenant, so no rows. '
    'Afterwards set_tenant_context() may name another tenant; the end of a transaction needs no '
    'clearing. A value that was wrongly set for the session is hidden until the transaction ends '
    'and then back: RESET it.';

GRANT EXECUTE ON FUNCTION ticketing.clear_tenant_context()
TO ticketing_app, ticketing_worker, ticketing_readonly;
