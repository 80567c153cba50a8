CREATE OR REPLACE FUNCTION ticketing.cleanup_expired_webhook_nonces(
    p_batch integer DEFAULT 1000
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_deleted integer;
BEGIN
    PERFORM ticketing.require_batch(p_batch);

    -- Nobody may lock these rows to skip them, so one job at a time deletes.
    IF NOT pg_try_advisory_xact_lock(
        hashtext('ticketing.retention'), hashtext('webhook_nonces')
    ) THEN
        RETURN 0;
    END IF;

    WITH expired AS MATERIALIZED (
        SELECT
            n.endpoint,
            n.nonce
        FROM ticketing.webhook_nonces AS n
        WHERE n.expires_at <= v_now
        ORDER BY n.expires_at
        LIMIT p_batch
    )

    DELETE FROM ticketing.webhook_nonces AS n
    USING expired AS e
    WHERE n.endpoint = e.endpoint AND n.nonce = e.nonce;

    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.cleanup_expired_webhook_nonces(integer) IS
    'Deletes nonces past expires_at, the oldest first, at most p_batch (1 to 10000, else TK001), '
    'and returns how many; 0 while another job is at it. An expired nonce protects nothing: what '
    'was sent that long ago is refused by its time.';

GRANT EXECUTE ON FUNCTION ticketing.cleanup_expired_webhook_nonces(integer) TO ticketing_worker;
