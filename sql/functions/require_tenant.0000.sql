CREATE OR REPLACE FUNCTION ticketing.require_tenant(
    p_tenant_id uuid
)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    IF v_tenant IS NULL THEN
        RAISE EXCEPTION 'no tenant is set in this transaction'
            USING
                ERRCODE = 'TK701',
                HINT = 'Set app.current_tenant_id inside the transaction, then call again.';
    END IF;

    -- IS DISTINCT FROM: a call that names no tenant is as wrong as one that names another.
    IF p_tenant_id IS DISTINCT FROM v_tenant THEN
        RAISE EXCEPTION 'the call names another tenant than the transaction works for'
            USING
                ERRCODE = 'TK702',
                HINT = 'Pass the tenant of app.current_tenant_id, or start a transaction for the '
                    'other tenant.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_tenant(uuid) IS
    'Refuses a call without a tenant in the transaction (TK701) or for another one than that '
    '(TK702). Functions that take a tenant as an argument call it first, so that a mistake is '
    'loud instead of an empty answer.';

GRANT EXECUTE ON FUNCTION ticketing.require_tenant(uuid)
TO ticketing_app, ticketing_worker, ticketing_readonly;
