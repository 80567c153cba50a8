CREATE OR REPLACE FUNCTION ticketing.prune_lockout_events(
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
    v_before timestamptz := ticketing.retention_cutoff(p_keep, interval '90 days');
    v_deleted integer;
BEGIN
    PERFORM ticketing.require_batch(p_batch);

    -- The owner may delete these rows, not lock them to skip them: one job at a time.
    IF NOT pg_try_advisory_xact_lock(
        hashtext('ticketing.retention'), hashtext('account_lockout_events')
    ) THEN
        RETURN 0;
    END IF;

    -- What came before the end of a lock that is kept is kept with it: the lock would be in force
    -- again without the unlock that lifted it. Attempts count for a day at most.
    WITH old AS MATERIALIZED (
        SELECT e.id
        FROM ticketing.account_lockout_events AS e
        WHERE
            e.created_at <= v_before
            AND (v_tenant_id IS NULL OR e.tenant_id = v_tenant_id)
            AND NOT EXISTS (
                SELECT
                FROM ticketing.account_lockout_events AS l
                WHERE
                    l.tenant_id = e.tenant_id
                    AND l.identifier_type = e.identifier_type
                    AND l.identifier = e.identifier
                    AND l.event_type = 'locked'
                    AND l.locked_until > v_before
            )
            -- Apart, because no index serves IS NOT DISTINCT FROM.
            AND NOT EXISTS (
                SELECT
                FROM ticketing.account_lockout_events AS l
                WHERE
                    l.tenant_id IS NULL
                    AND e.tenant_id IS NULL
                    AND l.identifier_type = e.identifier_type
                    AND l.identifier = e.identifier
                    AND l.event_type = 'locked'
                    AND l.locked_until > v_before
            )
        ORDER BY e.created_at
        LIMIT p_batch
    )

    DELETE FROM ticketing.account_lockout_events AS e
    USING old AS o
    WHERE e.id = o.id;

    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.prune_lockout_events(interval, integer) IS
    'Deletes failed attempts, locks and unlocks that are older than p_keep (180 days unless told, '
    'never under 90: TK041), the oldest first, at most p_batch (1 to 10000, else TK001), and '
    'returns how many; 0 while another job is at it. A lock stays until it has been over for that '
    'long, and so does what lifted it: no account is locked or unlocked by this. Of the tenant in '
    'the context; without one, of every tenant and the platform. SECURITY DEFINER because no other '
    'role may delete events. For background jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.prune_lockout_events(interval, integer) TO ticketing_worker;
