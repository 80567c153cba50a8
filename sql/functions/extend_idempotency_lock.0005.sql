CREATE OR REPLACE FUNCTION ticketing.extend_idempotency_lock(
    p_key_id uuid,
    p_lock_token text,
    p_lock_duration interval DEFAULT '5 minutes'
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- A key must outlive the work that it protects, however long that goes on.
    c_kept_for CONSTANT interval := interval '24 hours';
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_wrong text := CASE
        WHEN p_key_id IS NULL THEN 'p_key_id is NULL'
        WHEN p_lock_token IS NULL THEN 'p_lock_token is NULL'
        WHEN p_lock_duration IS NULL OR p_lock_duration NOT BETWEEN '1 second' AND '1 hour'
            THEN 'p_lock_duration is not 1 second to 1 hour'
    END;
BEGIN
    IF v_tenant_id IS NULL THEN
        PERFORM ticketing.require_tenant(NULL);
    END IF;

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass key_id and lock_token as acquire_idempotency_key gave them, and '
                    'prolong again before the new lease is over.';
    END IF;

    UPDATE ticketing.idempotency_keys AS k
    SET
        lock_expires_at = greatest(k.lock_expires_at, v_now + p_lock_duration),
        expires_at = greatest(k.expires_at, v_now + c_kept_for)
    WHERE
        k.tenant_id = v_tenant_id
        AND k.id = p_key_id
        AND k.locked_by = p_lock_token;

    RETURN FOUND;
END;
$function$;

COMMENT ON FUNCTION ticketing.extend_idempotency_lock(uuid, text, interval) IS
    'Prolongs the lease of a request to p_lock_duration from now (1 second to 1 hour, else TK001), '
    'never shortens it; for work that takes longer than one lease. TRUE when the token holds the '
    'request, also when its lease is over and nobody has taken it; FALSE when it was taken over or '
    'ended: stop working. Commit it at once: until then a caller that wants the request waits.';

GRANT EXECUTE ON FUNCTION ticketing.extend_idempotency_lock(uuid, text, interval)
TO ticketing_app, ticketing_worker;
