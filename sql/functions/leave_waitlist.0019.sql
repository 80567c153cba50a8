CREATE OR REPLACE FUNCTION ticketing.leave_waitlist(
    p_waitlist_id uuid
)
RETURNS TABLE (
    waitlist_id uuid,
    status text,
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
    v_before text;
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

    IF v_entry.status = 'active' THEN
        -- An offer may be made at this moment: then the row is waited for, and no longer active.
        UPDATE ticketing.waitlist AS w
        SET status = 'cancelled'
        WHERE w.tenant_id = v_tenant_id AND w.id = p_waitlist_id AND w.status = 'active';

        IF FOUND THEN
            RETURN QUERY SELECT p_waitlist_id, 'cancelled', 'left';
            RETURN;
        END IF;

        SELECT w.status, w.reservation_id
        INTO v_entry
        FROM ticketing.waitlist AS w
        WHERE w.tenant_id = v_tenant_id AND w.id = p_waitlist_id;
    END IF;

    IF v_entry.status = 'notified' THEN
        -- The reservation before its offer, as whoever confirms or expires it takes them.
        PERFORM ticketing.cancel_reservation(v_entry.reservation_id, 'user');

        SELECT w.status
        INTO v_before
        FROM ticketing.waitlist AS w
        WHERE w.tenant_id = v_tenant_id AND w.id = p_waitlist_id;

        RETURN QUERY SELECT
            p_waitlist_id,
            v_before,
            CASE v_before WHEN 'cancelled' THEN 'left' ELSE 'replayed' END;
        RETURN;
    END IF;

    IF v_entry.status = 'converted' THEN
        RAISE EXCEPTION 'the offer to place % is bought', p_waitlist_id
            USING ERRCODE = 'TK118', HINT = 'Ask for a refund of its order instead.';
    END IF;

    RETURN QUERY SELECT p_waitlist_id, v_entry.status, 'replayed';
END;
$function$;

COMMENT ON FUNCTION ticketing.leave_waitlist(uuid) IS
    'Takes a person out of the queue; an open offer is declined and its places are free for the '
    'next. One row. outcome left, or replayed when the place had ended before, as status says. '
    'Raises TK117 for a place that the tenant or the customer has not, TK118 when the offer is '
    'bought, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.leave_waitlist(uuid) TO ticketing_app, ticketing_worker;
