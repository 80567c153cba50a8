CREATE OR REPLACE FUNCTION ticketing.release_hold(
    p_hold_id uuid
)
RETURNS TABLE (
    hold_id uuid,
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
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    SELECT
        h.id,
        h.status,
        h.released_at
    INTO hold_id, status, released_at
    FROM ticketing.holds AS h
    WHERE
        h.tenant_id = v_tenant_id
        AND h.id = p_hold_id
        AND (ticketing.acts_for_tenant() OR h.user_id = ticketing.current_user_id())
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'hold % does not exist', coalesce(p_hold_id::text, 'NULL')
            USING
                ERRCODE = 'TK126',
                HINT = 'Check the id and that app.current_tenant_id names its tenant; a customer '
                    'has only holds of their own.';
    END IF;

    IF status = 'confirmed' THEN
        RAISE EXCEPTION 'hold % is confirmed', p_hold_id
            USING
                ERRCODE = 'TK128',
                HINT = 'Its places belong to an order now; cancel or refund that.';
    END IF;

    outcome := 'replayed';

    IF status = 'active' THEN
        UPDATE ticketing.holds AS h
        SET status = 'released'
        WHERE h.tenant_id = v_tenant_id AND h.id = p_hold_id
        RETURNING h.status, h.released_at, 'released'
        INTO status, released_at, outcome;
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.release_hold(uuid) IS
    'Gives the places of a hold back. One row. outcome released: they are free. replayed: they '
    'were given back before, by a release or by expiry, as status says. Raises TK126 for a hold '
    'that the tenant or the customer has not, TK128 when it is confirmed, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.release_hold(uuid) TO ticketing_app, ticketing_worker;
