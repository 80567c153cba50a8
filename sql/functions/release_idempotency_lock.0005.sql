CREATE OR REPLACE FUNCTION ticketing.release_idempotency_lock(
    p_key_id uuid,
    p_set_failed boolean DEFAULT FALSE,
    p_lock_token text DEFAULT NULL
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
        WHEN p_set_failed IS NULL THEN 'p_set_failed is NULL'
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
                HINT = 'Pass key_id and lock_token as acquire_idempotency_key gave them.';
    END IF;

    UPDATE ticketing.idempotency_keys AS k
    SET
        status = CASE WHEN p_set_failed THEN 'failed' ELSE 'processing' END,
        locked_at = NULL,
        locked_by = NULL,
        lock_expires_at = NULL
    WHERE
        k.tenant_id = v_tenant_id
        AND k.id = p_key_id
        AND k.locked_by = p_lock_token;

    RETURN FOUND;
END;
$function$;

COMMENT ON FUNCTION ticketing.release_idempotency_lock(uuid, boolean, text) IS
    'Gives a request back without an answer, so that the next caller may run it at once: as failed '
    'after an error that may pass (5xx, 429, a time-out), or as it is when the work was not even '
    'tried. The recovery point stays. TRUE when the token held the request, FALSE when it did not '
    'or no longer does. p_lock_token is required (TK001).';

GRANT EXECUTE ON FUNCTION ticketing.release_idempotency_lock(uuid, boolean, text)
TO ticketing_app, ticketing_worker;
