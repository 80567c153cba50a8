CREATE OR REPLACE FUNCTION ticketing.reserve_cart(
    p_ticket_type_ids uuid[],
    p_quantities integer[],
    p_idempotency_key text,
    p_user_id uuid DEFAULT NULL,
    p_guest_session text DEFAULT NULL,
    p_time_to_live interval DEFAULT NULL,
    p_totals_cents bigint[] DEFAULT NULL,
    p_tickets jsonb DEFAULT '[]'::jsonb
)
RETURNS TABLE (
    reservation_id uuid,
    group_id uuid,
    ticket_type_id uuid,
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
SET enable_seqscan = off
AS $function$
DECLARE
    c_tries CONSTANT integer := 10;
    c_most_types CONSTANT integer := 50;
    c_time_to_live CONSTANT interval := make_interval(mins => 15);
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_user_id uuid;
    v_count integer := cardinality(p_ticket_type_ids);
    v_group_id uuid := CASE WHEN cardinality(p_ticket_type_ids) > 1 THEN gen_random_uuid() END;
    v_now timestamptz;
    v_hash text;
    v_item record;
    v_cart record;
    v_seconds text;
    v_inserted integer;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);
    v_user_id := ticketing.require_principal(p_user_id);

    -- Staff may sell to a guest; then the session's own user is not the buyer.
    IF p_guest_session IS NOT NULL AND ticketing.acts_for_tenant() THEN
        v_user_id := p_user_id;
    END IF;

    IF coalesce(btrim(p_idempotency_key), '') = '' THEN
        RAISE EXCEPTION 'a reservation needs an idempotency key'
            USING
                ERRCODE = 'TK123',
                HINT = 'Pass a key that the client repeats when it sends the request again.';
    END IF;

    IF coalesce(v_count, 0) NOT BETWEEN 1 AND c_most_types
        OR v_count IS DISTINCT FROM cardinality(p_quantities)
        OR v_count <> cardinality(p_totals_cents)
        OR array_position(p_ticket_type_ids, NULL) IS NOT NULL
        OR array_position(p_quantities, NULL) IS NOT NULL
        OR array_position(p_totals_cents, NULL) IS NOT NULL
        OR 0 > ANY (p_totals_cents)
        OR (SELECT count(DISTINCT t.id) FROM unnest(p_ticket_type_ids) AS t (id)) <> v_count
        OR length(p_idempotency_key) > 255
        OR p_time_to_live NOT BETWEEN '1 second' AND '24 hours'
        OR num_nonnulls(v_user_id, p_guest_session) <> 1
        OR btrim(p_guest_session) = ''
        OR p_tickets IS NULL
    THEN
        RAISE EXCEPTION 'the cart is malformed'
            USING
                ERRCODE = 'TK001',
                HINT = 'Give 1 to 50 different types, a quantity for each, a user or a guest '
                    'session, a key of up to 255 characters, a life of 1 second to 24 hours.';
    END IF;

    -- What was asked for and for whom. Not the price: a repeat keeps that of the first request.
    SELECT encode(
        sha256(
            convert_to(
                concat_ws(
                    ' ',
                    string_agg(format('%s*%s', i.id, i.quantity), ' ' ORDER BY i.id),
                    coalesce(v_user_id::text, 'guest ' || p_guest_session),
                    p_tickets::text
                ),
                'UTF8'
            )
        ),
        'hex'
    )
    INTO v_hash
    FROM unnest(p_ticket_type_ids, p_quantities) AS i (id, quantity);

    SELECT t.settings ->> 'reservation_ttl_seconds'
    INTO v_seconds
    FROM ticketing.tenants AS t
    WHERE t.id = v_tenant_id;

    -- Copies of one request come one after the other: one that looked for the cart before the other
    -- committed would find the places taken, by its own cart.
    PERFORM pg_advisory_xact_lock(
        hashtext('ticketing.reserve_cart'),
        hashtext(concat_ws(' ', v_tenant_id, p_idempotency_key))
    );

    -- Whoever loses a race with a writer who asks nobody goes round once more and finds what the
    -- other made.
    FOR v_try IN 1 .. c_tries LOOP
        v_now := clock_timestamp();

        SELECT
            count(*) AS made,
            bool_and(r.request_hash = v_hash) AS is_same
        INTO v_cart
        FROM ticketing.reservations AS r
        WHERE
            r.tenant_id = v_tenant_id
            AND r.ticket_type_id = ANY (p_ticket_type_ids)
            AND r.idempotency_key = p_idempotency_key;

        IF v_cart.made > 0 THEN
            IF v_cart.made <> v_count OR v_cart.is_same IS NOT TRUE THEN
                RAISE EXCEPTION 'the idempotency key stands for another request'
                    USING
                        ERRCODE = 'TK122',
                        HINT = 'Use a new key for a new request; repeat an old one unchanged.';
            END IF;

            RETURN QUERY
            SELECT
                r.id,
                r.group_id,
                r.ticket_type_id,
                r.quantity,
                r.total_cents,
                r.currency,
                -- One that has run out is not pending, whether or not a sweeper has come by.
                CASE
                    WHEN r.status = 'pending' AND r.expires_at <= v_now THEN 'expired'
                    ELSE r.status
                END,
                r.expires_at,
                CASE WHEN v_inserted = v_count THEN 'created' ELSE 'replayed' END
            FROM ticketing.reservations AS r
            WHERE
                r.tenant_id = v_tenant_id
                AND r.ticket_type_id = ANY (p_ticket_type_ids)
                AND r.idempotency_key = p_idempotency_key
            ORDER BY r.ticket_type_id;
            RETURN;
        END IF;

        FOR v_item IN
            SELECT
                i.id,
                t.currency,
                t.min_purchase,
                t.max_purchase,
                t.max_per_user,
                e.status,
                (
                    SELECT a.available_quantity
                    FROM ticketing.ticket_inventory AS a
                    WHERE a.tenant_id = t.tenant_id AND a.ticket_type_id = t.id
                    ORDER BY a.epoch DESC
                    LIMIT 1
                ) AS available,
                count(*) OVER (PARTITION BY t.currency) AS of_currency
            FROM unnest(p_ticket_type_ids) AS i (id)
            LEFT JOIN ticketing.ticket_types AS t ON t.tenant_id = v_tenant_id AND t.id = i.id
            LEFT JOIN ticketing.events AS e ON e.tenant_id = v_tenant_id AND t.event_id = e.id
            ORDER BY t.currency NULLS FIRST, i.id
        LOOP
            IF v_item.currency IS NULL THEN
                RAISE EXCEPTION 'ticket type % does not exist', v_item.id
                    USING
                        ERRCODE = 'TK108',
                        HINT = 'Check the id and that app.current_tenant_id names its tenant.';
            END IF;

            IF v_item.of_currency <> v_count THEN
                RAISE EXCEPTION 'the types of the cart have prices in several currencies'
                    USING ERRCODE = 'TK133', HINT = 'Make a cart for each currency.';
            END IF;

            IF v_item.status NOT IN ('published', 'postponed') THEN
                RAISE EXCEPTION 'the event of ticket type % is %', v_item.id, v_item.status
                    USING ERRCODE = 'TK102', HINT = 'Sell tickets of published events alone.';
            END IF;

            -- What comes free goes to those who have waited for it, whom offer_waitlist() serves:
            -- in the same words as there, or it would pass over people who stop the sale.
            IF EXISTS (
                SELECT FROM ticketing.waitlist AS w
                WHERE
                    w.tenant_id = v_tenant_id
                    AND w.ticket_type_id = v_item.id
                    AND w.status = 'active'
                    AND w.quantity <= v_item.available
                    AND w.quantity BETWEEN v_item.min_purchase AND v_item.max_purchase
                    AND (
                        v_item.max_per_user IS NULL
                        OR w.quantity + (
                            SELECT coalesce(sum(r.quantity - r.returned_quantity), 0)
                            FROM ticketing.reservations AS r
                            WHERE
                                r.tenant_id = v_tenant_id
                                AND r.user_id = w.user_id
                                AND r.ticket_type_id = v_item.id
                                AND r.status IN ('pending', 'confirmed')
                        ) <= v_item.max_per_user
                    )
            ) THEN
                RAISE EXCEPTION 'what is left of ticket type % goes to its waitlist', v_item.id
                    USING
                        ERRCODE = 'TK111',
                        HINT = 'Join the waitlist; offer_waitlist() hands out what is free.';
            END IF;
        END LOOP;

        -- One statement, so that its trigger takes the counters of all types last and in order.
        -- Whatever it met or made, the next round looks at it.
        INSERT INTO ticketing.reservations (
            tenant_id, event_id, ticket_type_id, user_id, guest_session, group_id, quantity,
            tickets, type_name, idempotency_key, request_hash, expires_at, total_cents, currency
        )
        SELECT
            v_tenant_id,
            t.event_id,
            t.id,
            v_user_id,
            p_guest_session,
            v_group_id,
            i.quantity,
            p_tickets,
            t.name,
            p_idempotency_key,
            v_hash,
            v_now + coalesce(
                p_time_to_live,
                CASE
                    WHEN v_seconds ~ '^[1-9][0-9]{0,4}$'
                        THEN make_interval(secs => v_seconds::integer)
                END,
                c_time_to_live
            ),
            coalesce(i.total, t.price_cents * i.quantity),
            t.currency
        FROM unnest(p_ticket_type_ids, p_quantities, p_totals_cents) AS i (id, quantity, total)
        INNER JOIN ticketing.ticket_types AS t ON t.tenant_id = v_tenant_id AND i.id = t.id
        ORDER BY i.id
        ON CONFLICT DO NOTHING;

        GET DIAGNOSTICS v_inserted = ROW_COUNT;
    END LOOP;

    RAISE EXCEPTION 'the cart was made and unmade % times while it was being looked for', c_tries
        USING ERRCODE = 'serialization_failure', HINT = 'Start the transaction again.';
END;
$function$;

COMMENT ON FUNCTION ticketing.reserve_cart(
    uuid[], integer[], text, uuid, text, interval, bigint[], jsonb
) IS
    'Reserves tickets of several types at once, all or none, a row of reservations for each type; '
    'they share group_id and are confirmed and cancelled together. For a user (p_user_id, else '
    'the session''s) or a guest session. Price: that of the type, or p_totals_cents where another '
    'was agreed. outcome created: pending until expires_at, after p_time_to_live, else '
    'reservation_ttl_seconds (1 to 99999) in the settings of the tenant, else 15 minutes. '
    'replayed: the same key made it before; status says what became of it. Raises TK101 without '
    'room, TK102 off sale, TK103 and TK104 beyond the limits of a purchase and of a person, TK108 '
    'for a type the tenant has not, TK111 while people who wait for the type come first, TK133 '
    'for several currencies, TK122 when the key stands for another request, TK123 without a key, '
    'TK001 for a malformed cart, TK401 for a customer who names another, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.reserve_cart(
    uuid[], integer[], text, uuid, text, interval, bigint[], jsonb
) TO ticketing_app, ticketing_worker;
