CREATE OR REPLACE FUNCTION ticketing.cleanup_expired_idempotency_keys(
    p_batch integer DEFAULT 1000
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_deleted integer;
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch is not 1 to 100000'
            USING
                ERRCODE = 'TK001',
                HINT = 'Call it again, each time in a transaction of its own, while it deletes as '
                    'many as it may.';
    END IF;

    WITH expired AS MATERIALIZED (
        SELECT
            k.tenant_id,
            k.id
        FROM ticketing.idempotency_keys AS k
        WHERE
            k.expires_at <= v_now
            AND (k.lock_expires_at IS NULL OR k.lock_expires_at <= v_now)
            AND (v_tenant_id IS NULL OR k.tenant_id = v_tenant_id)
        ORDER BY k.expires_at
        LIMIT p_batch
        FOR UPDATE SKIP LOCKED
    )

    DELETE FROM ticketing.idempotency_keys AS k
    USING expired AS e
    WHERE k.tenant_id = e.tenant_id AND k.id = e.id;

    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.cleanup_expired_idempotency_keys(integer) IS
    'Deletes keys past expires_at, the oldest first, at most p_batch (1 to 100000, else '
    'TK001), and returns how many. Never one that somebody holds or is looking at. Of the tenant '
    'in the context; without one, of every tenant. For background jobs alone. Correctness does not '
    'need it: an expired key counts as unused.';

GRANT EXECUTE ON FUNCTION ticketing.cleanup_expired_idempotency_keys(integer) TO ticketing_worker;
