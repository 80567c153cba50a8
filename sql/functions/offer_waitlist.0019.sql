CREATE OR REPLACE FUNCTION ticketing.offer_waitlist(
    p_ticket_type_id uuid,
    p_limit integer DEFAULT 1,
    p_time_to_live interval DEFAULT '4 hours'
)
RETURNS TABLE (
    waitlist_id uuid,
    user_id uuid,
    reservation_id uuid,
    quantity integer,
    offer_expires_at timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz;
    v_type record;
    v_free integer;
    v_entry record;
    v_chosen uuid[] := ARRAY[]::uuid[];
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session makes no offers'
            USING
                ERRCODE = 'TK119',
                HINT = 'Let the service do it, in a session that acts for the tenant.';
    END IF;

    IF p_limit IS NULL
        OR p_limit NOT BETWEEN 1 AND 1000
        OR p_time_to_live IS NULL
        OR p_time_to_live NOT BETWEEN '1 minute' AND '30 days'
    THEN
        RAISE EXCEPTION 'p_limit or p_time_to_live is missing or out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'Make 1 to 1000 offers at a time, for 1 minute to 30 days.';
    END IF;

    SELECT
        t.event_id,
        t.name,
        t.price_cents,
        t.currency,
        t.min_purchase,
        t.max_purchase,
        t.max_per_user,
        a.available_quantity
    INTO v_type
    FROM ticketing.ticket_types AS t
    INNER JOIN ticketing.ticket_inventory AS a
        ON t.tenant_id = a.tenant_id AND t.id = a.ticket_type_id
    WHERE t.tenant_id = v_tenant_id AND t.id = p_ticket_type_id
    ORDER BY a.epoch DESC
    LIMIT 1;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket type % does not exist', coalesce(p_ticket_type_id::text, 'NULL')
            USING
                ERRCODE = 'TK108',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    v_free := v_type.available_quantity;

    -- The first in the queue whom the free places suffice; a larger group keeps its place and
    -- waits for more. Whom another call is serving is passed over.
    FOR v_number IN 1 .. p_limit LOOP
        SELECT w.id, w.quantity
        INTO v_entry
        FROM ticketing.waitlist AS w
        WHERE
            w.tenant_id = v_tenant_id
            AND w.ticket_type_id = p_ticket_type_id
            AND w.status = 'active'
            AND w.quantity <= v_free
            -- The limits of a purchase may have changed since the person joined.
            AND w.quantity BETWEEN v_type.min_purchase AND v_type.max_purchase
            AND w.id <> ALL (v_chosen)
            -- Who has bought meanwhile, as much as a person may, waits in vain.
            AND (
                v_type.max_per_user IS NULL
                OR w.quantity + (
                    SELECT coalesce(sum(r.quantity - r.returned_quantity), 0)
                    FROM ticketing.reservations AS r
                    WHERE
                        r.tenant_id = v_tenant_id
                        AND r.user_id = w.user_id
                        AND r.ticket_type_id = p_ticket_type_id
                        AND r.status IN ('pending', 'confirmed')
                ) <= v_type.max_per_user
            )
        ORDER BY w.priority DESC, w.position
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED;

        EXIT WHEN NOT FOUND;

        v_chosen := v_chosen || v_entry.id;
        v_free := v_free - v_entry.quantity;
    END LOOP;

    IF cardinality(v_chosen) = 0 THEN
        RETURN;
    END IF;

    v_now := clock_timestamp();

    -- All in one statement: the counter comes last, and people are locked in one order.
    INSERT INTO ticketing.reservations (
        tenant_id, event_id, ticket_type_id, user_id, quantity, tickets, type_name,
        idempotency_key, expires_at, total_cents, currency
    )
    SELECT
        v_tenant_id,
        v_type.event_id,
        p_ticket_type_id,
        w.user_id,
        w.quantity,
        jsonb_build_array(jsonb_build_object('waitlist_id', w.id)),
        v_type.name,
        format('waitlist %s %s', w.id, w.offer_count + 1),
        v_now + p_time_to_live,
        v_type.price_cents * w.quantity,
        v_type.currency
    FROM ticketing.waitlist AS w
    WHERE w.tenant_id = v_tenant_id AND w.id = ANY (v_chosen)
    ORDER BY w.user_id;

    -- The deadline of the offer is that of its reservation: they end together, by the trigger
    -- of reservations, whoever ends the reservation.
    RETURN QUERY
    UPDATE ticketing.waitlist AS w
    SET
        status = 'notified',
        notified_at = v_now,
        offer_expires_at = r.expires_at,
        reservation_id = r.id,
        offer_count = w.offer_count + 1
    FROM ticketing.reservations AS r
    WHERE
        w.tenant_id = v_tenant_id
        AND w.id = ANY (v_chosen)
        AND r.tenant_id = v_tenant_id
        AND r.ticket_type_id = p_ticket_type_id
        AND r.idempotency_key = format('waitlist %s %s', w.id, w.offer_count + 1)
    RETURNING w.id, w.user_id, w.reservation_id, w.quantity, w.offer_expires_at;
END;
$function$;

COMMENT ON FUNCTION ticketing.offer_waitlist(uuid, integer, interval) IS
    'Offers free places of a ticket type to the next people in its queue, by priority and then '
    'position, up to p_limit of them, each for p_time_to_live. Each offer is a pending '
    'reservation, so the places are really held; a row for each. None when nobody waits whom the '
    'free places suffice. An offer ends with its reservation: confirm_reservation() makes it '
    'converted, cancel_reservation() cancelled, expiry expired, and the places go on to the next. '
    'Raises TK101 when a sale was faster, TK102 off sale, TK104 when a person bought meanwhile, '
    'TK108 for a type the tenant has not, TK202 unless system, admin or service acts, TK119 in a '
    'customer''s session, TK001 for arguments out of range, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.offer_waitlist(uuid, integer, interval)
TO ticketing_app, ticketing_worker;
