CREATE OR REPLACE FUNCTION ticketing.set_idempotency_recovery_point(
    p_key_id uuid,
    p_recovery_point text,
    p_lock_token text
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_wrong text := CASE
        WHEN p_key_id IS NULL THEN 'p_key_id is NULL'
        WHEN p_recovery_point IS NULL OR length(p_recovery_point) NOT BETWEEN 1 AND 100
            THEN 'p_recovery_point is not 1 to 100 characters long'
        WHEN p_lock_token IS NULL THEN 'p_lock_token is NULL'
    END;
BEGIN
    IF v_tenant_id IS NULL THEN
        PERFORM ticketing.require_tenant(NULL);
    END IF;

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass key_id and lock_token as acquire_idempotency_key gave them, and a '
                    'short name for the phase that is done.';
    END IF;

    UPDATE ticketing.idempotency_keys AS k
    SET recovery_point = p_recovery_point
    WHERE
        k.tenant_id = v_tenant_id
        AND k.id = p_key_id
        AND k.locked_by = p_lock_token;

    RETURN FOUND;
END;
$function$;

COMMENT ON FUNCTION ticketing.set_idempotency_recovery_point(uuid, text, text) IS
    'Marks a phase of a request as done, in the transaction of that phase: the next attempt is '
    'told and goes on from there. TRUE means commit; FALSE means that the request was taken over, '
    'so roll back. The name has 1 to 100 characters (TK001).';

GRANT EXECUTE ON FUNCTION ticketing.set_idempotency_recovery_point(uuid, text, text)
TO ticketing_app, ticketing_worker;
