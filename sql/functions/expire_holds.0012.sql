CREATE OR REPLACE FUNCTION ticketing.expire_holds(
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
    v_actor text;
    v_expired integer;
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 100000 THEN
        RAISE EXCEPTION 'p_batch is not 1 to 100000'
            USING
                ERRCODE = 'TK001',
                HINT = 'Call it again, each time in a transaction of its own, while it expires as '
                    'many as it may.';
    END IF;

    v_actor := ticketing.act_as('system');

    WITH overdue AS MATERIALIZED (
        SELECT
            h.tenant_id,
            h.id
        FROM ticketing.holds AS h
        WHERE
            h.status = 'active'
            AND h.expires_at <= v_now
            AND (v_tenant_id IS NULL OR h.tenant_id = v_tenant_id)
        ORDER BY h.expires_at
        LIMIT p_batch
        FOR NO KEY UPDATE SKIP LOCKED
    )

    UPDATE ticketing.holds AS h
    SET status = 'expired'
    FROM overdue AS o
    WHERE h.tenant_id = o.tenant_id AND h.id = o.id;

    GET DIAGNOSTICS v_expired = ROW_COUNT;
    PERFORM ticketing.act_as(v_actor);
    RETURN v_expired;
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_holds(integer) IS
    'Expires overdue holds, the oldest first, at most p_batch (1 to 100000, else TK001), '
    'gives their places back and returns how many. Never one that somebody is confirming. Of the '
    'tenant in the context; without one, of every tenant. For background jobs alone. Correctness '
    'does not need it: an overdue hold cannot be confirmed and gives way to others.';

GRANT EXECUTE ON FUNCTION ticketing.expire_holds(integer) TO ticketing_worker;
