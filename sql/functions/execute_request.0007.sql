CREATE OR REPLACE FUNCTION ticketing.execute_request(
    p_request_id uuid,
    p_executed_by uuid,
    p_operation_hash text,
    p_execution_result jsonb DEFAULT NULL
)
RETURNS TABLE (
    operation_type text,
    operation_data jsonb,
    executed_at timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_request ticketing.multisig_approval_requests;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF p_executed_by IS NULL OR p_operation_hash IS NULL THEN
        RAISE EXCEPTION 'person or hash is missing'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name who executes, and the hash of what is about to be done.';
    END IF;

    v_request := ticketing.lock_approval_request(p_request_id);

    IF v_request.operation_hash <> p_operation_hash THEN
        RAISE EXCEPTION 'another operation was approved than that of the hash'
            USING
                ERRCODE = 'TK737',
                HINT = 'Read operation_data of the request again; execute that and nothing else.';
    END IF;

    IF v_request.status = 'pending' AND clock_timestamp() >= v_request.expires_at THEN
        RAISE EXCEPTION 'request % expired at %', p_request_id, v_request.expires_at
            USING ERRCODE = 'TK733', HINT = 'Ask anew.';
    END IF;

    IF v_request.status <> 'approved' THEN
        RAISE EXCEPTION 'request % is % and cannot be executed', p_request_id, v_request.status
            USING
                ERRCODE = 'TK732',
                HINT = 'Only an approved request is executed, and only once.';
    END IF;

    RETURN QUERY
    UPDATE ticketing.multisig_approval_requests AS r
    SET
        status = 'executed',
        executed_by = p_executed_by,
        execution_result = p_execution_result
    WHERE r.tenant_id = v_tenant_id AND r.id = p_request_id
    RETURNING r.operation_type, r.operation_data, r.executed_at;
END;
$function$;

COMMENT ON FUNCTION ticketing.execute_request(uuid, uuid, text, jsonb) IS
    'Hands out an approved operation to be done, once: call it in the transaction that does it, '
    'and do what it returns. Whoever comes second gets TK732. Raises TK731 for an unknown request, '
    'TK733 past its time, TK735 and TK738 for a person who may not execute, TK737 for another '
    'operation, TK739 when approvers have lost their role since, TK202 for a customer''s session, '
    'TK001 for a missing argument.';

GRANT EXECUTE ON FUNCTION ticketing.execute_request(uuid, uuid, text, jsonb)
TO ticketing_app, ticketing_worker;
