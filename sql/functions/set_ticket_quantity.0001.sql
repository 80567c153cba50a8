CREATE OR REPLACE FUNCTION ticketing.set_ticket_quantity(
    p_ticket_type_id uuid,
    p_quantity integer
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_taken integer;
    v_available integer;
BEGIN
    IF p_quantity IS NULL OR p_quantity < 0 THEN
        RAISE EXCEPTION 'quantity % is not allowed', coalesce(p_quantity::text, 'NULL')
            USING ERRCODE = 'TK103', HINT = 'Give the total to be sold, zero or more.';
    END IF;

    -- The lock first, then the test: what is taken cannot change in between.
    SELECT i.reserved_quantity + i.sold_quantity + i.held_quantity
    INTO v_taken
    FROM ticketing.ticket_inventory AS i
    WHERE i.tenant_id = v_tenant_id AND i.ticket_type_id = p_ticket_type_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket type % does not exist', coalesce(p_ticket_type_id::text, 'NULL')
            USING
                ERRCODE = 'TK108',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    IF p_quantity < v_taken THEN
        RAISE EXCEPTION 'quantity % is below the % already sold, reserved or held',
            p_quantity, v_taken
            USING
                ERRCODE = 'TK106',
                HINT = 'Release holds or cancel reservations first, or choose a higher quantity.';
    END IF;

    UPDATE ticketing.ticket_inventory AS i
    SET quantity = p_quantity
    WHERE i.tenant_id = v_tenant_id AND i.ticket_type_id = p_ticket_type_id
    RETURNING i.available_quantity INTO v_available;

    RETURN v_available;
END;
$function$;

COMMENT ON FUNCTION ticketing.set_ticket_quantity(uuid, integer) IS
    'Sets how many tickets of a type are to be sold in all and returns how many are now free. '
    'Raises TK103 for a negative or missing quantity, TK106 below what is already taken, TK108 for '
    'a type the tenant does not have. Locks the counters row until the transaction ends.';

GRANT EXECUTE ON FUNCTION ticketing.set_ticket_quantity(uuid, integer)
TO ticketing_app, ticketing_worker;
