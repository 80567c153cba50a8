CREATE OR REPLACE FUNCTION ticketing.accept_offer(
    p_waitlist_id uuid,
    p_order_id uuid DEFAULT NULL,
    p_payment_reference text DEFAULT NULL,
    p_ticket_status text DEFAULT 'active'
)
RETURNS TABLE (
    reservation_id uuid,
    order_id uuid,
    status text,
    confirmed_at timestamptz,
    ticket_ids uuid[],
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_entry record;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    SELECT w.status, w.reservation_id
    INTO v_entry
    FROM ticketing.waitlist AS w
    WHERE
        w.tenant_id = v_tenant_id
        AND w.id = p_waitlist_id
        AND (ticketing.acts_for_tenant() OR w.user_id = ticketing.current_user_id());

    IF NOT FOUND THEN
        RAISE EXCEPTION 'place % in a waitlist does not exist',
            coalesce(p_waitlist_id::text, 'NULL')
            USING
                ERRCODE = 'TK117',
                HINT = 'Check the id and that app.current_tenant_id names its tenant; a customer '
                    'has only places of their own.';
    END IF;

    IF v_entry.status NOT IN ('notified', 'converted') THEN
        RAISE EXCEPTION 'place % in the waitlist is %', p_waitlist_id, v_entry.status
            USING
                ERRCODE = 'TK118',
                HINT = 'Only an open offer can be bought; refund a payment that came too late.';
    END IF;

    -- The reservation decides, under its lock and by the clock.
    RETURN QUERY
    SELECT c.*
    FROM ticketing.confirm_reservation(
        v_entry.reservation_id,
        p_order_id,
        NULL,
        p_payment_reference,
        p_ticket_status
    ) AS c;
END;
$function$;

COMMENT ON FUNCTION ticketing.accept_offer(uuid, uuid, text, text) IS
    'Turns a paid offer to the waitlist into tickets, by confirm_reservation() of the reservation '
    'behind it: the same row, outcomes and errors, TK105 from the deadline on among them. The '
    'place in the queue becomes converted in the same transaction. Raises TK117 for a place that '
    'the tenant or the customer has not, TK118 when no offer is open.';

GRANT EXECUTE ON FUNCTION ticketing.accept_offer(uuid, uuid, text, text)
TO ticketing_app, ticketing_worker;
