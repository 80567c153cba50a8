CREATE OR REPLACE FUNCTION ticketing.lock_approval_request(
    p_request_id uuid
)
RETURNS ticketing.multisig_approval_requests
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_request ticketing.multisig_approval_requests;
BEGIN
    SELECT r.*
    INTO v_request
    FROM ticketing.multisig_approval_requests AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = p_request_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'request % does not exist', coalesce(p_request_id::text, 'NULL')
            USING
                ERRCODE = 'TK731',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    RETURN v_request;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_approval_request(uuid) IS
    'Locks a request for approval until the end of the transaction and returns its row as of then; '
    'TK731 when the tenant has none of that id. Voting and executing begin with it, so that of one '
    'call sent twice at once the second waits and finds the first.';

GRANT EXECUTE ON FUNCTION ticketing.lock_approval_request(uuid)
TO ticketing_app, ticketing_worker;
