CREATE OR REPLACE FUNCTION ticketing.confirm_reservation(
    p_reservation_id uuid,
    p_order_id uuid DEFAULT NULL,
    p_purchaser_email text DEFAULT NULL,
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
    c_ended CONSTANT text[] := ARRAY['cancelled', 'expired', 'failed', 'refunded'];
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_email text := nullif(lower(btrim(p_purchaser_email)), '');
    v_first record;
    v_ids uuid[];
    v_order_id uuid;
    v_order record;
    v_cart record;
    v_row record;
    v_actor text;
    v_linked integer;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not confirm reservations'
            USING
                ERRCODE = 'TK119',
                HINT = 'Let the service do it that knows of the payment, in a session that acts '
                    'for the tenant.';
    END IF;

    SELECT
        r.user_id,
        r.event_id,
        r.group_id,
        r.order_id,
        r.status,
        r.currency
    INTO v_first
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = p_reservation_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'reservation % does not exist', coalesce(p_reservation_id::text, 'NULL')
            USING
                ERRCODE = 'TK110',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    IF p_ticket_status IS NULL
        OR p_ticket_status NOT IN ('active', 'sold')
        OR (v_first.user_id IS NULL AND v_email IS NULL AND v_first.status = 'pending')
    THEN
        RAISE EXCEPTION 'p_ticket_status or p_purchaser_email is missing or unknown'
            USING
                ERRCODE = 'TK001',
                HINT = 'Tickets become active or sold; those of a guest need an e-mail address.';
    END IF;

    -- The order before its reservations, as everywhere.
    v_order_id := coalesce(p_order_id, v_first.order_id, gen_random_uuid());

    IF v_first.status = 'pending' THEN
        PERFORM ticketing.open_order(v_order_id, v_first.user_id, v_first.event_id);
    END IF;

    SELECT o.status, o.user_id, o.currency, o.total_cents
    INTO v_order
    FROM ticketing.lock_order(v_order_id) AS o;

    -- Which rows make the cart never changes, so the ids may be read before the lock.
    SELECT array_agg(r.id ORDER BY r.id)
    INTO v_ids
    FROM ticketing.reservations AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND (r.id = p_reservation_id OR r.group_id = v_first.group_id);

    PERFORM
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids)
    ORDER BY r.id
    FOR NO KEY UPDATE;

    -- Read again, under the lock: what a waiting caller saw before may be over by now.
    SELECT
        bool_and(r.status = 'confirmed') AS is_confirmed,
        bool_or(r.status = 'cancelled') AS is_cancelled,
        bool_or(r.status = 'expired') AS is_expired,
        bool_and(r.order_id = v_order_id) AS is_of_order,
        min(r.expires_at) FILTER (WHERE r.status = 'pending') AS expires_at
    INTO v_cart
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids);

    IF v_cart.is_confirmed AND v_cart.is_of_order THEN
        RETURN QUERY
        SELECT
            r.id,
            r.order_id,
            r.status,
            r.confirmed_at,
            (
                SELECT coalesce(array_agg(t.id ORDER BY t.id), '{}')
                FROM ticketing.tickets AS t
                WHERE t.tenant_id = v_tenant_id AND t.reservation_id = r.id
            ),
            'replayed'
        FROM ticketing.reservations AS r
        WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids)
        ORDER BY r.id;
        RETURN;
    END IF;

    IF v_cart.is_confirmed THEN
        RAISE EXCEPTION 'reservation % is confirmed for another order', p_reservation_id
            USING
                ERRCODE = 'TK112',
                HINT = 'Repeat with the order of the first confirmation; refund a second payment.';
    END IF;

    IF v_cart.is_cancelled THEN
        RAISE EXCEPTION 'reservation % is cancelled', p_reservation_id
            USING ERRCODE = 'TK113', HINT = 'Reserve again, or refund the payment.';
    END IF;

    -- Paid too late is a matter for a refund, whether or not a sweeper has come by: the places may
    -- be somebody else's by now.
    IF v_cart.is_expired OR clock_timestamp() >= v_cart.expires_at THEN
        RAISE EXCEPTION 'reservation % expired at %', p_reservation_id, v_cart.expires_at
            USING
                ERRCODE = 'TK105',
                HINT = 'Reserve again, or refund the payment that came too late.';
    END IF;

    IF v_order.status = ANY (c_ended) THEN
        RAISE EXCEPTION 'order % is %', v_order_id, v_order.status
            USING
                ERRCODE = 'TK114',
                HINT = 'Refund the payment; the buyer needs a new order.';
    END IF;

    IF v_order.user_id <> v_first.user_id
        OR (v_order.total_cents > 0 AND v_order.currency <> v_first.currency)
    THEN
        RAISE EXCEPTION 'order % is another buyer''s, or in another currency, than reservation %',
            v_order_id, p_reservation_id
            USING ERRCODE = 'TK115', HINT = 'Compare user_id and currency of the two.';
    END IF;

    -- Who is allowed each step of a ticket is settled here: it is the payment that issues it.
    v_actor := ticketing.act_as('system');

    FOR v_row IN
        SELECT
            r.id,
            r.event_id,
            r.ticket_type_id,
            r.user_id,
            r.quantity,
            coalesce(r.total_cents, t.price_cents * r.quantity) AS total,
            coalesce(r.currency, t.currency) AS currency,
            e.venue_id
        FROM ticketing.reservations AS r
        INNER JOIN ticketing.ticket_types AS t
            ON r.tenant_id = t.tenant_id AND r.ticket_type_id = t.id
        INNER JOIN ticketing.events AS e ON r.tenant_id = e.tenant_id AND r.event_id = e.id
        WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids) AND r.status = 'pending'
        ORDER BY r.id
    LOOP
        -- Places that were picked for the reservation first. The odd minor units of the price go
        -- to the first tickets, one each.
        UPDATE ticketing.tickets AS t
        SET
            status = 'sold',
            user_id = v_row.user_id,
            original_purchaser_id = v_row.user_id,
            order_id = v_order_id,
            purchaser_email = coalesce(v_email, t.purchaser_email),
            payment_id = coalesce(p_payment_reference, t.payment_id),
            price_cents = v_row.total / v_row.quantity
                + (p.number <= v_row.total % v_row.quantity)::integer,
            currency = v_row.currency,
            purchased_at = clock_timestamp()
        FROM (
            SELECT
                c.id,
                row_number() OVER (ORDER BY c.id) AS number
            FROM ticketing.tickets AS c
            WHERE
                c.tenant_id = v_tenant_id
                AND c.reservation_id = v_row.id
                AND c.status = 'reserved'
            ORDER BY c.id
            LIMIT v_row.quantity
        ) AS p
        WHERE t.tenant_id = v_tenant_id AND t.id = p.id;

        GET DIAGNOSTICS v_linked = ROW_COUNT;

        IF p_ticket_status = 'active' AND v_linked > 0 THEN
            UPDATE ticketing.tickets AS t
            SET status = 'active'
            WHERE
                t.tenant_id = v_tenant_id
                AND t.reservation_id = v_row.id
                AND t.status = 'sold';
        END IF;

        INSERT INTO ticketing.tickets (
            tenant_id, event_id, venue_id, ticket_type_id, user_id, original_purchaser_id,
            reservation_id, order_id, purchaser_email, ticket_number, payment_id, price_cents,
            face_value_cents, currency, status, purchased_at
        )
        SELECT
            v_tenant_id,
            v_row.event_id,
            v_row.venue_id,
            v_row.ticket_type_id,
            v_row.user_id,
            v_row.user_id,
            v_row.id,
            v_order_id,
            v_email,
            -- 60 random bits, short enough to be read out.
            regexp_replace(
                upper(right(replace(gen_random_uuid()::text, '-', ''), 15)),
                '^(.{5})(.{5})(.{5})$',
                '\1-\2-\3'
            ),
            p_payment_reference,
            p.price,
            p.price,
            v_row.currency,
            p_ticket_status,
            clock_timestamp()
        FROM (
            SELECT
                v_row.total / v_row.quantity
                + (s.number <= v_row.total % v_row.quantity)::integer AS price
            FROM generate_series(v_linked + 1, v_row.quantity) AS s (number)
        ) AS p;
    END LOOP;

    PERFORM ticketing.act_as(v_actor);

    -- Last, because its trigger moves the counters, the contended rows.
    UPDATE ticketing.reservations AS r
    SET status = 'confirmed', order_id = v_order_id
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids) AND r.status = 'pending';

    RETURN QUERY
    SELECT
        r.id,
        r.order_id,
        r.status,
        r.confirmed_at,
        (
            SELECT array_agg(t.id ORDER BY t.id)
            FROM ticketing.tickets AS t
            WHERE t.tenant_id = v_tenant_id AND t.reservation_id = r.id
        ),
        'confirmed'
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids)
    ORDER BY r.id;
END;
$function$;

COMMENT ON FUNCTION ticketing.confirm_reservation(uuid, uuid, text, text, text) IS
    'Turns a paid reservation, and all of its cart, into tickets. For a service that has seen the '
    'payment. A row for each reservation. outcome confirmed: the tickets are issued, active or, '
    'for a later mint, sold (p_ticket_status), at the price of the reservation; places that were '
    'picked for it (status reserved) are taken first. Without p_order_id a new order is announced. '
    'replayed: it was confirmed for this order before. Raises TK105 from expires_at on, sweeper or '
    'not: refund that payment; TK113 when it was cancelled, TK112 when it belongs to another '
    'order, TK114 when the order has ended, TK115 when it is another buyer''s or in another '
    'currency, TK110 when the tenant has no such reservation, TK119 in a customer''s session, '
    'TK001 for a guest without p_purchaser_email, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.confirm_reservation(uuid, uuid, text, text, text)
TO ticketing_app, ticketing_worker;
