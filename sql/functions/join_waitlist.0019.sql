CREATE OR REPLACE FUNCTION ticketing.join_waitlist(
    p_ticket_type_id uuid,
    p_quantity integer DEFAULT 1,
    p_user_id uuid DEFAULT NULL,
    p_priority integer DEFAULT 0
)
RETURNS TABLE (
    waitlist_id uuid,
    status text,
    queue_position bigint,
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
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_user_id uuid;
    v_now timestamptz := clock_timestamp();
    v_type record;
    v_entry record;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);
    v_user_id := ticketing.require_principal(p_user_id);

    IF v_user_id IS NULL
        OR p_priority IS NULL
        OR (p_priority <> 0 AND NOT ticketing.acts_for_tenant())
    THEN
        RAISE EXCEPTION 'p_user_id or p_priority is missing, or not the caller''s to choose'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the person who waits; only the service gives a priority.';
    END IF;

    SELECT
        t.is_active,
        t.sale_end,
        t.min_purchase,
        t.max_purchase,
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

    IF NOT v_type.is_active OR v_now >= v_type.sale_end THEN
        RAISE EXCEPTION 'ticket type % is not on sale', p_ticket_type_id
            USING
                ERRCODE = 'TK102',
                HINT = 'Check is_active and sale_end of the ticket type.';
    END IF;

    IF p_quantity IS NULL OR p_quantity NOT BETWEEN v_type.min_purchase AND v_type.max_purchase THEN
        RAISE EXCEPTION 'a quantity of % is not allowed for ticket type %',
            coalesce(p_quantity::text, 'NULL'), p_ticket_type_id
            USING
                ERRCODE = 'TK103',
                HINT = format('Ask for %s to %s.', v_type.min_purchase, v_type.max_purchase);
    END IF;

    -- Whoever loses a race with a copy of the same request goes round once more and finds what
    -- the other made.
    FOR v_try IN 1 .. c_tries LOOP
        SELECT w.id, w.status, w.position, w.quantity
        INTO v_entry
        FROM ticketing.waitlist AS w
        WHERE
            w.tenant_id = v_tenant_id
            AND w.ticket_type_id = p_ticket_type_id
            AND w.user_id = v_user_id
            AND w.status IN ('active', 'notified');

        IF FOUND THEN
            IF v_entry.quantity <> p_quantity THEN
                RAISE EXCEPTION 'the person waits for % of ticket type % already',
                    v_entry.quantity, p_ticket_type_id
                    USING
                        ERRCODE = 'TK134',
                        HINT = 'Keep that place, or leave the waitlist and join again.';
            END IF;

            RETURN QUERY SELECT v_entry.id, v_entry.status, v_entry.position, 'replayed';
            RETURN;
        END IF;

        -- Places that go to others who wait are as good as gone.
        IF v_type.available_quantity >= p_quantity AND NOT EXISTS (
            SELECT FROM ticketing.waitlist AS w
            WHERE
                w.tenant_id = v_tenant_id
                AND w.ticket_type_id = p_ticket_type_id
                AND w.status = 'active'
                AND w.quantity <= v_type.available_quantity
        ) THEN
            RAISE EXCEPTION 'ticket type % has % left', p_ticket_type_id, v_type.available_quantity
                USING ERRCODE = 'TK120', HINT = 'Reserve them; nobody has to wait.';
        END IF;

        INSERT INTO ticketing.waitlist AS w (
            tenant_id, ticket_type_id, user_id, quantity, priority
        ) VALUES (
            v_tenant_id, p_ticket_type_id, v_user_id, p_quantity, p_priority
        )
        ON CONFLICT (
            tenant_id, ticket_type_id, user_id
        ) WHERE w.status IN ('active', 'notified') DO NOTHING
        RETURNING w.id, w.status, w.position, 'joined'
        INTO waitlist_id, status, queue_position, outcome;

        IF waitlist_id IS NOT NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
    END LOOP;

    RAISE EXCEPTION 'the place was taken and given up % times while it was being looked for',
        c_tries
        USING ERRCODE = 'serialization_failure', HINT = 'Start the transaction again.';
END;
$function$;

COMMENT ON FUNCTION ticketing.join_waitlist(uuid, integer, uuid, integer) IS
    'Puts a person at the end of the queue for a sold-out ticket type. One row. outcome joined, or '
    'replayed when the person waits for that many already. queue_position orders the queue after '
    'p_priority, which only a service gives; it is no count of people. Raises TK120 while the '
    'places are free to buy, TK134 when the person waits for another number, TK102 after the sale, '
    'TK103 beyond the limits of a purchase, TK108 for a type the tenant has not, TK001 without a '
    'person, TK401 for a customer who names another, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.join_waitlist(uuid, integer, uuid, integer)
TO ticketing_app, ticketing_worker;
