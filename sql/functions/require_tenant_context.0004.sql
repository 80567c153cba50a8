CREATE OR REPLACE FUNCTION ticketing.require_tenant_context()
RETURNS uuid
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
                HINT = 'Call ticketing.set_tenant_context() after BEGIN; outside a transaction '
                    'block it lasts for its own statement only.';
    END IF;

    IF NOT ticketing.verify_tenant_context() THEN
        RAISE EXCEPTION 'tenant % is not known here or not active', v_tenant
            USING
                ERRCODE = 'TK704',
                HINT = 'Check the id; a new tenant works once its copy has arrived in '
                    'ticketing.tenants.';
    END IF;

    RETURN v_tenant;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_tenant_context() IS
    'Returns the tenant of the transaction, or raises: TK701 when there is none, TK704 when it is '
    'not known here or not active. Without it a query that lost its context finds no rows and '
    'nobody notices, for example when set_tenant_context() ran outside a transaction block.';

GRANT EXECUTE ON FUNCTION ticketing.require_tenant_context()
TO ticketing_app, ticketing_worker, ticketing_readonly;
