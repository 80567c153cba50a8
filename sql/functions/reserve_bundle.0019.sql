CREATE OR REPLACE FUNCTION ticketing.reserve_bundle(
    p_bundle_id uuid,
    p_count integer,
    p_idempotency_key text,
    p_user_id uuid DEFAULT NULL,
    p_guest_session text DEFAULT NULL,
    p_time_to_live interval DEFAULT NULL
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
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_bundle record;
    v_types uuid[];
    v_quantities integer[];
    v_totals bigint[];
    v_currencies text[];
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF p_count IS NULL OR p_count NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION '% bundles cannot be reserved', coalesce(p_count::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Ask for 1 to 1000 bundles.';
    END IF;

    SELECT
        b.price_cents,
        b.currency,
        b.is_active,
        b.valid_from,
        b.valid_until
    INTO v_bundle
    FROM ticketing.ticket_bundles AS b
    WHERE b.tenant_id = v_tenant_id AND b.id = p_bundle_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'bundle % does not exist', coalesce(p_bundle_id::text, 'NULL')
            USING
                ERRCODE = 'TK135',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    -- The price of the bundles is shared out in proportion to the list prices. Each share is the
    -- difference of two rounded sums, so that the shares add up to the price, to the minor unit.
    SELECT
        array_agg(s.id ORDER BY s.id),
        array_agg(s.quantity * p_count ORDER BY s.id),
        array_agg(
            (
                floor(s.whole * s.so_far / s.list)
                - floor(s.whole * (s.so_far - s.weight) / s.list)
            )::bigint
            ORDER BY s.id
        ),
        array_agg(DISTINCT s.currency)
    INTO v_types, v_quantities, v_totals, v_currencies
    FROM (
        SELECT
            w.id,
            w.quantity,
            w.currency,
            w.weight,
            v_bundle.price_cents::numeric * p_count AS whole,
            sum(w.weight) OVER (ORDER BY w.id) AS so_far,
            sum(w.weight) OVER () AS list
        FROM (
            SELECT
                t.id,
                i.quantity,
                t.currency,
                -- Of free types each ticket counts the same.
                CASE
                    WHEN max(t.price_cents) OVER () = 0 THEN i.quantity::numeric
                    ELSE t.price_cents::numeric * i.quantity
                END AS weight
            FROM ticketing.ticket_bundle_items AS i
            INNER JOIN ticketing.ticket_types AS t
                ON i.tenant_id = t.tenant_id AND i.ticket_type_id = t.id
            WHERE i.tenant_id = v_tenant_id AND i.bundle_id = p_bundle_id
        ) AS w
    ) AS s;

    IF v_types IS NULL THEN
        RAISE EXCEPTION 'bundle % contains no ticket type', p_bundle_id
            USING ERRCODE = 'TK137', HINT = 'Add its ticket_bundle_items.';
    END IF;

    IF v_currencies <> ARRAY[v_bundle.currency] THEN
        RAISE EXCEPTION 'bundle % has its price in another currency than its types', p_bundle_id
            USING ERRCODE = 'TK133', HINT = 'Give the bundle the currency of its ticket types.';
    END IF;

    -- A repeat is answered after the end of the sale, too.
    IF (
        NOT v_bundle.is_active
        OR v_now < v_bundle.valid_from
        OR v_now >= v_bundle.valid_until
    ) AND NOT EXISTS (
        SELECT FROM ticketing.reservations AS r
        WHERE
            r.tenant_id = v_tenant_id
            AND r.ticket_type_id = v_types[1]
            AND r.idempotency_key = p_idempotency_key
    ) THEN
        RAISE EXCEPTION 'bundle % is not on sale', p_bundle_id
            USING
                ERRCODE = 'TK136',
                HINT = 'Check is_active, valid_from and valid_until of the bundle.';
    END IF;

    RETURN QUERY
    SELECT c.*
    FROM ticketing.reserve_cart(
        v_types,
        v_quantities,
        p_idempotency_key,
        p_user_id,
        p_guest_session,
        p_time_to_live,
        v_totals,
        jsonb_build_array(jsonb_build_object('bundle_id', p_bundle_id, 'quantity', p_count))
    ) AS c;
END;
$function$;

COMMENT ON FUNCTION ticketing.reserve_bundle(uuid, integer, text, uuid, text, interval) IS
    'Reserves p_count bundles: all that they contain or nothing, a row of reservations for each '
    'ticket type, confirmed and cancelled together. The price is the bundle''s; total_cents of a '
    'row is its share in proportion to the list prices, and the shares add up to it. Outcomes and '
    'errors are those of reserve_cart(); besides TK135 for a bundle the tenant has not, TK136 for '
    'one that is not on sale, TK137 for an empty one, TK133 for one in another currency than its '
    'types, TK001 for a count below 1 or above 1000.';

GRANT EXECUTE ON FUNCTION ticketing.reserve_bundle(uuid, integer, text, uuid, text, interval)
TO ticketing_app, ticketing_worker;
