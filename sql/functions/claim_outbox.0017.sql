CREATE OR REPLACE FUNCTION ticketing.claim_outbox(
    p_batch integer,
    p_lease interval,
    p_relay text
)
RETURNS TABLE (
    tenant_id uuid,
    id uuid,
    seq bigint,
    aggregate_type text,
    aggregate_id text,
    event_type text,
    event_version integer,
    payload jsonb,
    headers jsonb,
    created_at timestamptz,
    attempts integer,
    lock_token text,
    locked_until timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Out of the way of every claim; not infinity, which many drivers cannot read.
    c_never CONSTANT interval := interval '100 years';
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_token text := concat(p_relay, ':', gen_random_uuid());
    v_wrong text;
BEGIN
    v_wrong := CASE
        WHEN p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 1000
            THEN 'p_batch is not 1 to 1000'
        WHEN p_lease IS NULL OR p_lease NOT BETWEEN '1 second' AND '1 hour'
            THEN 'p_lease is not 1 second to 1 hour'
        WHEN p_relay IS NULL OR length(p_relay) NOT BETWEEN 1 AND 200
            THEN 'p_relay is not 1 to 200 characters long'
    END;

    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION '%', v_wrong
            USING
                ERRCODE = 'TK001',
                HINT = 'Claim what can be sent well within the lease; an event whose lease is over '
                    'is sent again by whoever claims it next.';
    END IF;

    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT
            o.tenant_id,
            o.id,
            o.seq
        FROM ticketing.outbox AS o
        WHERE
            o.processed_at IS NULL
            AND o.status <> 'dead'
            AND o.next_attempt_at <= v_now
            AND (o.locked_until IS NULL OR o.locked_until <= v_now)
            AND (v_tenant_id IS NULL OR o.tenant_id = v_tenant_id)
            -- Is it the oldest of its aggregate that is not delivered, in whatever state that one
            -- is? As a scalar, since NOT EXISTS would become a join over every open event; and
            -- compared inside, since a plan that hopes for one row would sort all that are due.
            AND (
                SELECT f.seq = o.seq
                FROM ticketing.outbox AS f
                WHERE
                    f.processed_at IS NULL
                    AND f.tenant_id = o.tenant_id
                    AND f.aggregate_type = o.aggregate_type
                    AND f.aggregate_id = o.aggregate_id
                ORDER BY f.seq
                LIMIT 1
            )
        ORDER BY o.next_attempt_at, o.seq
        LIMIT p_batch
        FOR NO KEY UPDATE OF o SKIP LOCKED
    ),

    -- Two tenants may have used the same id, but a token and an id must name one event. The other
    -- one comes with the next claim. The clock is read when the statement sees its rows, so that an
    -- attempt is always younger than the acknowledgement of the event before it.
    unambiguous AS (
        SELECT DISTINCT ON (d.id)
            d.tenant_id,
            d.id,
            clock_timestamp() AS begun_at
        FROM due AS d
        ORDER BY d.id, d.seq
    ),

    -- The attempt is counted when it begins, so that an event that kills its relay dies as well.
    taken AS (
        UPDATE ticketing.outbox AS o
        SET
            status = CASE WHEN o.attempts < o.max_attempts THEN 'processing' ELSE 'dead' END,
            attempts = o.attempts + (o.attempts < o.max_attempts)::integer,
            locked_by = CASE WHEN o.attempts < o.max_attempts THEN v_token END,
            locked_until = CASE WHEN o.attempts < o.max_attempts THEN u.begun_at + p_lease END,
            next_attempt_at = u.begun_at
            + CASE WHEN o.attempts < o.max_attempts THEN p_lease ELSE c_never END,
            last_attempt_at = CASE
                WHEN o.attempts < o.max_attempts THEN u.begun_at ELSE o.last_attempt_at
            END,
            last_error = CASE
                WHEN o.attempts < o.max_attempts OR o.locked_by IS NULL THEN o.last_error
                ELSE 'the lease of the last attempt ran out'
            END
        FROM unambiguous AS u
        WHERE o.tenant_id = u.tenant_id AND o.id = u.id
        RETURNING
            o.tenant_id, o.id, o.seq, o.aggregate_type, o.aggregate_id, o.event_type,
            o.event_version, o.payload, o.headers, o.created_at, o.attempts, o.locked_by,
            o.locked_until
    )

    SELECT
        t.tenant_id, t.id, t.seq, t.aggregate_type, t.aggregate_id, t.event_type,
        t.event_version, t.payload, t.headers, t.created_at, t.attempts, t.locked_by,
        t.locked_until
    FROM taken AS t
    WHERE t.locked_by IS NOT NULL
    ORDER BY t.seq;
END;
$function$;

COMMENT ON FUNCTION ticketing.claim_outbox(integer, interval, text) IS
    'Leases up to p_batch events to a relay, those due longest first, and returns them in order. '
    'Commit, send, then call ack_outbox or fail_outbox with lock_token. Any number of relays may '
    'claim at once: none waits, and of each aggregate only the oldest undelivered event is given '
    'out, so its events keep their order; one that is leased, backing off or dead holds the later '
    'ones back. An event whose lease is over is given out again, and is dead instead when that was '
    'its last attempt. Of the tenant in the context; without one, of every tenant. TK001 for an '
    'argument out of range (batch 1 to 1000, lease 1 second to 1 hour).';

GRANT EXECUTE ON FUNCTION ticketing.claim_outbox(integer, interval, text) TO ticketing_worker;
