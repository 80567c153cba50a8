CREATE OR REPLACE FUNCTION ticketing.release_house_hold(
    p_hold_id uuid,
    p_quantity integer DEFAULT NULL
)
RETURNS TABLE (
    hold_id uuid,
    status text,
    released_at timestamptz,
    remaining_quantity integer,
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
        h.released_at,
        h.remaining_quantity
    INTO hold_id, status, released_at, remaining_quantity
    FROM ticketing.ticket_holds AS h
    WHERE h.tenant_id = v_tenant_id AND h.id = p_hold_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'house hold % does not exist', coalesce(p_hold_id::text, 'NULL')
            USING
                ERRCODE = 'TK132',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    outcome := 'replayed';

    IF status = 'active' THEN
        IF p_quantity NOT BETWEEN 1 AND remaining_quantity THEN
            RAISE EXCEPTION 'house hold % has % left, % cannot be released',
                p_hold_id, remaining_quantity, p_quantity
                USING
                    ERRCODE = 'TK124',
                    HINT = 'Release one or more of what is left, or leave the quantity out for '
                        'all.';
        END IF;

        IF p_quantity < remaining_quantity THEN
            UPDATE ticketing.ticket_holds AS h
            SET remaining_quantity = h.remaining_quantity - p_quantity
            WHERE h.tenant_id = v_tenant_id AND h.id = p_hold_id
            RETURNING h.remaining_quantity, 'reduced'
            INTO remaining_quantity, outcome;
        ELSE
            UPDATE ticketing.ticket_holds AS h
            SET status = 'released'
            WHERE h.tenant_id = v_tenant_id AND h.id = p_hold_id
            RETURNING h.status, h.released_at, h.remaining_quantity, 'released'
            INTO status, released_at, remaining_quantity, outcome;
        END IF;
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.release_house_hold(uuid, integer) IS
    'Puts places that the house kept back on sale again: p_quantity of them, or all. One row. '
    'outcome reduced: some are still kept back. released: none are, and the hold is closed. '
    'replayed: it was closed before, and nothing changed. Closing is for actor type admin or '
    'system (TK202). Raises TK132 for a house hold that the tenant has not, TK124 for more than is '
    'left, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.release_house_hold(uuid, integer)
TO ticketing_app, ticketing_worker;
