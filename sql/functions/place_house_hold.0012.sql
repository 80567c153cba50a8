CREATE OR REPLACE FUNCTION ticketing.place_house_hold(
    p_ticket_type_id uuid,
    p_quantity integer,
    p_hold_reason text,
    p_hold_type text DEFAULT 'house',
    p_held_by uuid DEFAULT NULL,
    p_expires_at timestamptz DEFAULT NULL
)
RETURNS TABLE (
    hold_id uuid,
    status text,
    expires_at timestamptz,
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

    IF p_quantity IS NULL OR p_quantity < 1 THEN
        RAISE EXCEPTION 'a quantity of % cannot be held', coalesce(p_quantity::text, 'NULL')
            USING ERRCODE = 'TK124', HINT = 'Keep back one place or more.';
    END IF;

    IF coalesce(btrim(p_hold_reason), '') = ''
        OR p_hold_type IS NULL
        OR p_hold_type NOT IN ('house', 'press', 'sponsor', 'production', 'kill')
        OR p_expires_at <= clock_timestamp()
    THEN
        RAISE EXCEPTION 'reason, type or end of the house hold is missing or out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'Give a reason, one of house, press, sponsor, production and kill, and an '
                    'end in the future or none.';
    END IF;

    PERFORM
    FROM ticketing.ticket_types AS t
    WHERE t.tenant_id = v_tenant_id AND t.id = p_ticket_type_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket type % does not exist', coalesce(p_ticket_type_id::text, 'NULL')
            USING
                ERRCODE = 'TK108',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    INSERT INTO ticketing.ticket_holds AS h (
        tenant_id, ticket_type_id, quantity, remaining_quantity, hold_reason, hold_type, held_by,
        expires_at
    ) VALUES (
        v_tenant_id, p_ticket_type_id, p_quantity, p_quantity, p_hold_reason, p_hold_type,
        p_held_by, p_expires_at
    )
    RETURNING h.id, h.status, h.expires_at, h.remaining_quantity, 'created'
    INTO hold_id, status, expires_at, remaining_quantity, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.place_house_hold(uuid, integer, text, text, uuid, timestamptz) IS
    'Keeps places of a ticket type off sale, until released or until p_expires_at. One row, '
    'outcome created; each call keeps back more. Raises TK101 when fewer are left, TK108 for a '
    'type the tenant does not have, TK124 for less than one place, TK001 for a missing reason, an '
    'unknown type or an end in the past, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.place_house_hold(
    uuid, integer, text, text, uuid, timestamptz
) TO ticketing_app, ticketing_worker;
