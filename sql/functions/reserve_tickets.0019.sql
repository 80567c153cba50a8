CREATE OR REPLACE FUNCTION ticketing.reserve_tickets(
    p_ticket_type_id uuid,
    p_quantity integer,
    p_idempotency_key text,
    p_user_id uuid DEFAULT NULL,
    p_guest_session text DEFAULT NULL,
    p_time_to_live interval DEFAULT NULL
)
RETURNS TABLE (
    reservation_id uuid,
    quantity integer,
    total_cents bigint,
    currency text,
    status text,
    expires_at timestamptz,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN QUERY
    SELECT
        c.reservation_id,
        c.quantity,
        c.total_cents,
        c.currency,
        c.status,
        c.expires_at,
        c.outcome
    FROM ticketing.reserve_cart(
        ARRAY[p_ticket_type_id],
        ARRAY[p_quantity],
        p_idempotency_key,
        p_user_id,
        p_guest_session,
        p_time_to_live
    ) AS c;
END;
$function$;

COMMENT ON FUNCTION ticketing.reserve_tickets(uuid, integer, text, uuid, text, interval) IS
    'Reserves tickets of one type at its price of this moment. One row. It is reserve_cart() for '
    'one type: the same outcomes, created and replayed, and the same errors.';

GRANT EXECUTE ON FUNCTION ticketing.reserve_tickets(uuid, integer, text, uuid, text, interval)
TO ticketing_app, ticketing_worker;
