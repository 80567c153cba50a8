CREATE OR REPLACE FUNCTION ticketing.prune_reservations(
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
    v_tenants uuid[];
    v_reservations uuid[];
BEGIN
    PERFORM ticketing.require_batch(p_batch);

    -- The owner may delete these rows, not lock them to skip them: one job at a time.
    IF NOT pg_try_advisory_xact_lock(
        hashtext('ticketing.retention'), hashtext('reservations')
    ) THEN
        RETURN 0;
    END IF;

    SELECT array_agg(d.tenant_id), array_agg(d.id)
    INTO v_tenants, v_reservations
    FROM (
        SELECT r.tenant_id, r.id
        FROM ticketing.reservations AS r
        WHERE
            r.status IN ('expired', 'cancelled')
            AND r.order_id IS NULL
            AND r.released_at <= v_before
            AND (v_tenant_id IS NULL OR r.tenant_id = v_tenant_id)
            AND NOT EXISTS (
                SELECT
                FROM ticketing.tickets AS t
                WHERE t.tenant_id = r.tenant_id AND t.reservation_id = r.id
            )
            AND NOT EXISTS (
                SELECT
                FROM ticketing.waitlist AS w
                WHERE w.tenant_id = r.tenant_id AND w.reservation_id = r.id
            )
            -- Written a moment after released_at.
            AND NOT EXISTS (
                SELECT
                FROM ticketing.reservation_history AS h
                WHERE
                    h.tenant_id = r.tenant_id
                    AND h.reservation_id = r.id
                    AND h.created_at > v_before
            )
        ORDER BY r.released_at
        LIMIT p_batch
    ) AS d;

    DELETE FROM ticketing.reservation_history AS h
    USING unnest(v_tenants, v_reservations) AS d (tenant_id, id)
    WHERE h.tenant_id = d.tenant_id AND h.reservation_id = d.id;

    DELETE FROM ticketing.reservations AS r
    USING unnest(v_tenants, v_reservations) AS d (tenant_id, id)
    WHERE r.tenant_id = d.tenant_id AND r.id = d.id;

    RETURN coalesce(cardinality(v_reservations), 0);
END;
$function$;

COMMENT ON FUNCTION ticketing.prune_reservations(interval, integer) IS
    'Deletes reservations that came to nothing, expired or cancelled longer than p_keep ago (90 '
    'days unless told, never under 30: TK041), with their history. The oldest first, at most '
    'p_batch (1 to 10000, else TK001); returns how many, 0 while another job is at it. One that '
    'ever had an order, or that a ticket or the waitlist names, stays. The idempotency key goes '
    'with the reservation: a request that is repeated after that is a new one. Of the tenant in '
    'the context; without one, of every tenant. SECURITY DEFINER because no other role may '
    'delete reservations or their history. For background jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.prune_reservations(interval, integer) TO ticketing_worker;
