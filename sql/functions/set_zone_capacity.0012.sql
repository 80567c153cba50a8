CREATE OR REPLACE FUNCTION ticketing.set_zone_capacity(
    p_zone_id uuid,
    p_capacity integer
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_available integer;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF p_capacity IS NULL OR p_capacity < 1 THEN
        RAISE EXCEPTION 'capacity % is not allowed', coalesce(p_capacity::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Give the places in all, one or more.';
    END IF;

    UPDATE ticketing.zones AS z
    SET capacity = p_capacity
    WHERE z.tenant_id = v_tenant_id AND z.id = p_zone_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'zone % does not exist', coalesce(p_zone_id::text, 'NULL')
            USING
                ERRCODE = 'TK125',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    SELECT sum(i.available_quantity)::integer
    INTO v_available
    FROM ticketing.zone_inventory AS i
    WHERE i.tenant_id = v_tenant_id AND i.zone_id = p_zone_id;

    RETURN v_available;
END;
$function$;

COMMENT ON FUNCTION ticketing.set_zone_capacity(uuid, integer) IS
    'Sets how many places a zone has in all and returns how many are now free. Divides what is '
    'free among the buckets anew, also when the capacity stays as it is: call it so when the last '
    'places of a zone with several buckets lie in pieces too small for a group. Locks the counters '
    'until the transaction ends. Raises TK001 below one, TK106 below what is held or confirmed, '
    'TK125 for a zone the tenant does not have, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.set_zone_capacity(uuid, integer)
TO ticketing_app, ticketing_worker;
