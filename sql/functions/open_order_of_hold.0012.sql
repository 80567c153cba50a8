CREATE OR REPLACE FUNCTION ticketing.open_order_of_hold()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NEW.order_id := coalesce(NEW.order_id, gen_random_uuid());

    -- The version is below any that the owner sends, so its first message replaces the row whole.
    INSERT INTO ticketing.orders (
        tenant_id, id, user_id, event_id, order_number, status, version
    ) VALUES (
        NEW.tenant_id, NEW.order_id, NEW.user_id, NEW.event_id, NEW.order_id::text, 'confirmed', -1
    )
    ON CONFLICT (tenant_id, id) DO NOTHING;

    -- With the id of the hold, which is confirmed once: a consumer can tell a repeat.
    INSERT INTO ticketing.outbox (
        tenant_id, id, aggregate_type, aggregate_id, event_type, payload
    ) VALUES (
        NEW.tenant_id,
        NEW.id,
        'hold',
        NEW.id::text,
        'hold.confirmed',
        jsonb_build_object(
            'hold_id', NEW.id,
            'order_id', NEW.order_id,
            'event_id', NEW.event_id,
            'zone_id', NEW.zone_id,
            'user_id', NEW.user_id,
            'quantity', NEW.quantity,
            'confirmed_at', NEW.confirmed_at
        )
    );

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.open_order_of_hold() IS
    'BEFORE UPDATE trigger of holds, when one is confirmed: gives it an order. Without an order_id '
    'a new id is made; where the order''s copy has not arrived, its row is announced with version '
    '-1 until the order service sends it; the outbox tells that service by hold.confirmed. '
    'SECURITY DEFINER because services do not write copies of orders; it takes the tenant from the '
    'hold, NEW.tenant_id.';
