CREATE OR REPLACE FUNCTION ticketing.prune_access_violations(
    p_keep interval DEFAULT '1 year',
    p_batch integer DEFAULT 1000
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_before timestamptz := ticketing.retention_cutoff(p_keep, interval '90 days');
    v_deleted integer;
BEGIN
    PERFORM ticketing.require_batch(p_batch);

    -- The owner may delete these rows, not lock them to skip them: one job at a time.
    IF NOT pg_try_advisory_xact_lock(
        hashtext('ticketing.retention'), hashtext('tenant_access_violations')
    ) THEN
        RETURN 0;
    END IF;

    WITH old AS MATERIALIZED (
        SELECT v.id
        FROM ticketing.tenant_access_violations AS v
        WHERE v.occurred_at <= v_before
        ORDER BY v.occurred_at
        LIMIT p_batch
    )

    DELETE FROM ticketing.tenant_access_violations AS v
    USING old AS o
    WHERE v.id = o.id;

    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.prune_access_violations(interval, integer) IS
    'Deletes attempts to cross tenants that happened longer than p_keep ago (a year unless told, '
    'never under 90 days: TK041), the oldest first, at most p_batch (1 to 10000, else TK001), and '
    'returns how many; 0 while another job is at it. Of all tenants, whatever the context: a row '
    'concerns two. SECURITY DEFINER because no other role may delete from the log. For background '
    'jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.prune_access_violations(interval, integer) TO ticketing_worker;
