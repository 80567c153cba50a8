CREATE OR REPLACE FUNCTION ticketing.prune_outbox(
    p_keep interval DEFAULT '7 days',
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
    v_before timestamptz := ticketing.retention_cutoff(p_keep, interval '1 hour');
    v_read_up_to bigint;
    v_after bigint := 0::bigint;
    v_last bigint;
    v_reached_young boolean;
    v_count integer;
    v_deleted integer := 0;
BEGIN
    PERFORM ticketing.require_batch(p_batch);

    -- A consumer of the log reads what relays have delivered as well: none may lose an event.
    SELECT min(c.seq)
    INTO v_read_up_to
    FROM ticketing.outbox_cursors AS c;

    -- In steps from the oldest event to the first young one: no index by processed_at, which every
    -- delivery would pay for, and events that stay in front are walked over.
    LOOP
        SELECT max(s.seq), bool_or(s.created_at > v_before)
        INTO v_last, v_reached_young
        FROM (
            SELECT o.seq, o.created_at
            FROM ticketing.outbox AS o
            WHERE o.seq > v_after
            ORDER BY o.seq
            LIMIT p_batch
        ) AS s;

        EXIT WHEN v_last IS NULL;

        WITH delivered AS MATERIALIZED (
            SELECT
                o.tenant_id,
                o.id
            FROM ticketing.outbox AS o
            WHERE
                o.seq > v_after
                AND o.seq <= least(v_last, v_read_up_to)
                AND o.status = 'processed'
                AND o.processed_at <= v_before
                AND (v_tenant_id IS NULL OR o.tenant_id = v_tenant_id)
            ORDER BY o.seq
            LIMIT p_batch - v_deleted
            FOR UPDATE SKIP LOCKED
        )

        DELETE FROM ticketing.outbox AS o
        USING delivered AS d
        WHERE o.tenant_id = d.tenant_id AND o.id = d.id;

        GET DIAGNOSTICS v_count = ROW_COUNT;
        v_deleted := v_deleted + v_count;

        EXIT WHEN v_reached_young OR v_last >= v_read_up_to OR v_deleted >= p_batch;

        v_after := v_last;
    END LOOP;

    RETURN v_deleted;
END;
$function$;

COMMENT ON FUNCTION ticketing.prune_outbox(interval, integer) IS
    'Deletes events that were delivered longer than p_keep ago (7 days unless told, never under an '
    'hour: TK041), the oldest first, at most p_batch (1 to 10000, else TK001), and returns how '
    'many. Events that wait, are leased or dead stay, and so does what a consumer of the log has '
    'yet to read: the cursor of a consumer that is gone keeps everything. Of the tenant in the '
    'context; without one, of every tenant. For background jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.prune_outbox(interval, integer) TO ticketing_worker;
