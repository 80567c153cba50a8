CREATE OR REPLACE FUNCTION ticketing.prune_notifications(
    p_keep interval DEFAULT '180 days',
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
        hashtext('ticketing.retention'), hashtext('ticket_notifications')
    ) THEN
        RETURN 0;
    END IF;

    WITH old AS MATERIALIZED (
        SELECT
            n.tenant_id,
            n.id
        FROM ticketing.ticket_notifications AS n
        WHERE
            n.status IN ('sent', 'failed')
            AND n.updated_at <= v_before
            AND (v_tenant_id IS NULL OR n.tenant_id = v_tenant_id)
        ORDER BY n.updated_at
        LIMIT p_batch
    )

    DELETE FROM ticketing.ticket_notifications AS n
    USING old AS o
    WHERE n.tenant_id = o.tenant_id AND n.id = o.id;

    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.prune_notifications(interval, integer) IS
    'Deletes messages that were sent or given up, and not touched for p_keep (180 days unless '
    'told, never under 30: TK041), the oldest first, at most p_batch (1 to 10000, else TK001), and '
    'returns how many; 0 while another job is at it. Their dedupe_key goes with them: a message '
    'that is asked for again after that is sent again. Of the tenant in the context; without one, '
    'of every tenant. SECURITY DEFINER because no other role may delete messages. For background '
    'jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.prune_notifications(interval, integer) TO ticketing_worker;
