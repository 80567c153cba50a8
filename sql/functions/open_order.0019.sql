CREATE OR REPLACE FUNCTION ticketing.open_order(
    p_order_id uuid,
    p_user_id uuid DEFAULT NULL,
    p_event_id uuid DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not open orders'
            USING
                ERRCODE = 'TK119',
                HINT = 'Let the service do it, in a session that acts for the tenant.';
    END IF;

    IF p_order_id IS NULL THEN
        RAISE EXCEPTION 'p_order_id is NULL'
            USING ERRCODE = 'TK001', HINT = 'Name the order, which need not exist yet.';
    END IF;

    -- The version is below any that the owner sends, so its first message replaces the row whole.
    INSERT INTO ticketing.orders (
        tenant_id, id, user_id, event_id, order_number, status, version
    ) VALUES (
        v_tenant_id, p_order_id, p_user_id, p_event_id, p_order_id::text, 'confirmed', -1
    )
    -- Of two calls at once, the second may meet the row at its number before its key.
    ON CONFLICT DO NOTHING;

    RETURN FOUND;
END;
$function$;

COMMENT ON FUNCTION ticketing.open_order(uuid, uuid, uuid) IS
    'Announces an order whose copy has not arrived, with version -1 and no amounts, so that what '
    'was paid in time need not wait for a message; its owner''s first message replaces the row. '
    'True when it was not known; a known order stays as it is. SECURITY DEFINER because services '
    'do not write copies of orders. Raises TK119 in a customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.open_order(uuid, uuid, uuid)
TO ticketing_app, ticketing_worker;
