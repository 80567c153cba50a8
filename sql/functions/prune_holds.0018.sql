CREATE OR REPLACE FUNCTION ticketing.prune_holds(
    p_keep interval DEFAULT '90 days',
    p_batch integer DEFAULT 1000
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_before timestamptz := ticketing.retention_cutoff(p_keep, interval '30 days');
    v_deleted integer;
BEGIN
    PERFORM ticketing.require_batch(p_batch);

    -- The owner may delete these rows, not lock them to skip them: one job at a time.
    IF NOT pg_try_advisory_xact_lock(
        hashtext('ticketing.retention'), hashtext('holds')
    ) THEN
        RETURN 0;
    END IF;

    WITH old AS MATERIALIZED (
        SELECT
            h.tenant_id,
            h.id
        FROM ticketing.holds AS h
        WHERE
            h.status IN ('released', 'expired')
            AND h.released_at <= v_before
            AND (v_tenant_id IS NULL OR h.tenant_id = v_tenant_id)
        ORDER BY h.released_at
        LIMIT p_batch
    )

    DELETE FROM ticketing.holds AS h
    USING old AS o
    WHERE h.tenant_id = o.tenant_id AND h.id = o.id;

    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.prune_holds(interval, integer) IS
    'Deletes holds that came to nothing, released or expired longer than p_keep ago (90 days '
    'unless told, never under 30: TK041), the oldest first, at most p_batch (1 to 10000, else '
    'TK001), and returns how many; 0 while another job is at it. A confirmed hold stays with its '
    'order. The idempotency key goes with the hold: a request that is repeated after that is a new '
    'one. Of the tenant in the context; without one, of every tenant. SECURITY DEFINER because no '
    'other role may delete holds. For background jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.prune_holds(interval, integer) TO ticketing_worker;
