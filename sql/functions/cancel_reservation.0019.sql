CREATE OR REPLACE FUNCTION ticketing.cancel_reservation(
    p_reservation_id uuid,
    p_reason text DEFAULT 'user'
)
RETURNS TABLE (
    reservation_id uuid,
    status text,
    released_at timestamptz,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_first record;
    v_ids uuid[];
    v_open uuid[];
    v_sold uuid[];
    v_id uuid;
    v_actor text;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF coalesce(btrim(p_reason), '') = '' THEN
        RAISE EXCEPTION 'p_reason is missing'
            USING
                ERRCODE = 'TK001',
                HINT = 'Say why: user, payment_failed, event_cancelled, admin, or in words.';
    END IF;

    SELECT r.group_id, r.order_id, r.status
    INTO v_first
    FROM ticketing.reservations AS r
    WHERE
        r.tenant_id = v_tenant_id
        AND r.id = p_reservation_id
        AND (ticketing.acts_for_tenant() OR r.user_id = ticketing.current_user_id());

    IF NOT FOUND THEN
        RAISE EXCEPTION 'reservation % does not exist', coalesce(p_reservation_id::text, 'NULL')
            USING
                ERRCODE = 'TK110',
                HINT = 'Check the id and that app.current_tenant_id names its tenant; a customer '
                    'has only reservations of their own.';
    END IF;

    -- The order before its reservations, as everywhere: a refund of it may be under way.
    PERFORM
    FROM ticketing.lock_order(v_first.order_id);

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

    SELECT
        array_agg(r.id) FILTER (WHERE r.status IN ('pending', 'confirmed')),
        array_agg(r.id ORDER BY r.id) FILTER (WHERE r.status = 'confirmed')
    INTO v_open, v_sold
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids);

    IF v_sold IS NOT NULL THEN
        IF NOT ticketing.acts_for_tenant() THEN
            RAISE EXCEPTION 'a customer''s session does not cancel a sale'
                USING ERRCODE = 'TK119', HINT = 'Ask for a refund with request_refund().';
        END IF;

        -- Whatever the caller may do to a ticket, a place that may be sold again has none.
        v_actor := ticketing.act_as('system');

        FOREACH v_id IN ARRAY v_sold LOOP
            PERFORM
            FROM ticketing.tickets AS t
            WHERE t.tenant_id = v_tenant_id AND t.reservation_id = v_id
            ORDER BY t.id
            FOR NO KEY UPDATE;

            IF EXISTS (
                SELECT FROM ticketing.tickets AS t
                WHERE
                    t.tenant_id = v_tenant_id
                    AND t.reservation_id = v_id
                    AND t.status IN ('checked_in', 'used')
            ) THEN
                RAISE EXCEPTION 'somebody has entered with a ticket of reservation %', v_id
                    USING
                        ERRCODE = 'TK116',
                        HINT = 'Undo the check-in first, or refund the tickets one by one.';
            END IF;

            UPDATE ticketing.tickets AS t
            SET status = 'cancelled', status_reason = p_reason
            WHERE
                t.tenant_id = v_tenant_id
                AND t.reservation_id = v_id
                AND t.status IN ('reserved', 'sold', 'minted', 'active', 'transferred');
        END LOOP;

        PERFORM ticketing.act_as(v_actor);
    END IF;

    UPDATE ticketing.reservations AS r
    SET status = 'cancelled', release_reason = p_reason
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_open);

    RETURN QUERY
    SELECT
        r.id,
        r.status,
        r.released_at,
        CASE WHEN r.id = ANY (v_open) THEN 'cancelled' ELSE 'replayed' END
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = ANY (v_ids)
    ORDER BY r.id;
END;
$function$;

COMMENT ON FUNCTION ticketing.cancel_reservation(uuid, text) IS
    'Gives the places of a reservation, and of all its cart, back. A row for each reservation. '
    'outcome cancelled: the places are free; of a sale the tickets that nobody has used are '
    'cancelled with it, and its money is a matter for request_refund(). replayed: it had ended '
    'before, as status says. An offer to the waitlist ends with its reservation. Raises TK110 for '
    'a reservation that the tenant or the customer has not, TK116 when somebody has entered, TK119 '
    'for a sale in a customer''s session, TK202 for a sale unless system, admin or service acts, '
    'TK001 without a reason, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.cancel_reservation(uuid, text)
TO ticketing_app, ticketing_worker;
