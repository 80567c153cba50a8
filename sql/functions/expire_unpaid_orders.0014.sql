CREATE OR REPLACE FUNCTION ticketing.expire_unpaid_orders(
    p_batch integer DEFAULT 100
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_tenants uuid[];
    v_orders uuid[];
    v_expired integer;
BEGIN
    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'a batch of % is not possible', coalesce(p_batch::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Ask for 1 to 10000 at a time.';
    END IF;

    -- An order that somebody is working on, such as a payment, is left for the next round.
    WITH due AS (
        SELECT o.tenant_id, o.id
        FROM ticketing.orders AS o
        WHERE
            o.status IN ('pending', 'awaiting_payment')
            AND o.expires_at <= clock_timestamp()
            AND o.paid_cents = 0
            AND (v_tenant_id IS NULL OR o.tenant_id = v_tenant_id)
            AND NOT EXISTS (
                SELECT FROM ticketing.payments AS p
                WHERE
                    p.tenant_id = o.tenant_id
                    AND p.order_id = o.id
                    AND p.status IN ('succeeded', 'disputed')
            )
        ORDER BY o.expires_at
        LIMIT p_batch
        FOR NO KEY UPDATE OF o SKIP LOCKED
    )

    SELECT array_agg(d.tenant_id), array_agg(d.id)
    INTO v_tenants, v_orders
    FROM due AS d;

    -- Asked again, in a statement of its own that sees what was paid before the lock was taken.
    -- The version stays the owner's: a later message of the owner must find the one it follows.
    UPDATE ticketing.orders AS o
    SET status = 'expired'
    FROM unnest(v_tenants, v_orders) AS d (tenant_id, id)
    WHERE
        o.tenant_id = d.tenant_id
        AND o.id = d.id
        AND NOT EXISTS (
            SELECT FROM ticketing.payments AS p
            WHERE
                p.tenant_id = o.tenant_id
                AND p.order_id = o.id
                AND p.status IN ('succeeded', 'disputed')
        );

    GET DIAGNOSTICS v_expired = ROW_COUNT;
    RETURN v_expired;
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_unpaid_orders(integer) IS
    'Expires up to p_batch orders that are past expires_at and for which nothing was paid, the '
    'most overdue first, and returns how many. Of the tenant in the context; without one, of every '
    'tenant. For the worker of the service that owns orders; version is left as it is, so that the '
    'next message of an owner elsewhere still applies. Money that comes later is reported by '
    'record_payment as is_late.';

GRANT EXECUTE ON FUNCTION ticketing.expire_unpaid_orders(integer) TO ticketing_worker;
