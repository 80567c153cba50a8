CREATE OR REPLACE FUNCTION ticketing.lock_order(
    p_order_id uuid
)
RETURNS TABLE (
    order_id uuid,
    user_id uuid,
    event_id uuid,
    status text,
    subtotal_cents bigint,
    discount_cents bigint,
    total_cents bigint,
    paid_cents bigint,
    refunded_cents bigint,
    currency text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    -- A comparison with NULL has no index condition, and would read every order to find none.
    IF p_order_id IS NULL THEN
        RETURN;
    END IF;

    RETURN QUERY
    SELECT
        o.id,
        o.user_id,
        o.event_id,
        o.status,
        o.subtotal_cents,
        o.discount_cents,
        o.total_cents,
        o.paid_cents,
        o.refunded_cents,
        o.currency
    FROM ticketing.orders AS o
    WHERE
        o.tenant_id = v_tenant_id
        AND o.id = p_order_id
        AND (ticketing.acts_for_tenant() OR o.user_id = ticketing.current_user_id())
    FOR NO KEY UPDATE;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_order(uuid) IS
    'Locks an order of the tenant until the transaction ends and returns what is known of it; no '
    'row for an order that the tenant, or the customer whose session it is, has not. Whatever '
    'counts an order''s money or discounts queues here, before any other lock. SECURITY DEFINER '
    'because no service may write, and so lock, the copy of an order. Raises TK701 without a '
    'tenant.';

GRANT EXECUTE ON FUNCTION ticketing.lock_order(uuid) TO ticketing_app, ticketing_worker;
