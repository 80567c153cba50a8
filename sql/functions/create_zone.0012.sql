CREATE OR REPLACE FUNCTION ticketing.create_zone(
    p_event_id uuid,
    p_name text,
    p_capacity integer,
    p_bucket_count integer DEFAULT 1
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_zone_id uuid;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF p_event_id IS NULL
        OR p_name IS NULL
        OR length(p_name) NOT BETWEEN 1 AND 255
        OR p_capacity IS NULL
        OR p_capacity < 1
        OR p_bucket_count IS NULL
        OR p_bucket_count NOT BETWEEN 1 AND 64
    THEN
        RAISE EXCEPTION 'event, name, capacity or number of buckets is missing or out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'Give a name of 1 to 255 characters, a capacity from 1 on, and 1 to 64 '
                    'buckets.';
    END IF;

    INSERT INTO ticketing.zones AS z (tenant_id, event_id, name, capacity, bucket_count)
    VALUES (v_tenant_id, p_event_id, p_name, p_capacity, p_bucket_count)
    ON CONFLICT (tenant_id, event_id, name) DO NOTHING
    RETURNING z.id INTO v_zone_id;

    IF v_zone_id IS NULL THEN
        RAISE EXCEPTION 'event % has a zone % already', p_event_id, p_name
            USING
                ERRCODE = 'TK129',
                HINT = 'Use that zone, or choose another name; set_zone_capacity changes its size.';
    END IF;

    RETURN v_zone_id;
END;
$function$;

COMMENT ON FUNCTION ticketing.create_zone(uuid, text, integer, integer) IS
    'Makes a zone of an event with its counters and returns its id. Several buckets let as many '
    'holds be taken at the same moment; one is right unless a sale is hot and its disk slow. '
    'Raises TK001 for an argument out of range, TK129 for a name that the event has, 23503 for an '
    'event that the tenant has not, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.create_zone(uuid, text, integer, integer)
TO ticketing_app, ticketing_worker;
