CREATE OR REPLACE FUNCTION ticketing.record_audit_event(
    p_event_type text,
    p_data jsonb DEFAULT '{}'::jsonb
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_most_bytes CONSTANT integer := 8192;
    v_tenant uuid := ticketing.current_tenant_id();
    v_event uuid := gen_random_uuid();
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF coalesce(p_event_type, '') NOT IN ('service_started', 'service_stopped') THEN
        RAISE EXCEPTION 'an event of type % is not recorded by hand', coalesce(p_event_type, 'NULL')
            USING
                ERRCODE = 'TK001',
                HINT = 'Record service_started or service_stopped; what happens to a request '
                    'ticket is recorded by its trigger.';
    END IF;

    IF p_data IS NULL
        OR jsonb_typeof(p_data) <> 'object'
        OR octet_length(p_data::text) > c_most_bytes
    THEN
        RAISE EXCEPTION 'the data of an event are a JSON object of at most % bytes', c_most_bytes
            USING ERRCODE = 'TK001', HINT = 'Pass an object, or leave p_data out.';
    END IF;

    INSERT INTO ticketing.audit_events (tenant_id, id, event_type, user_id, data)
    VALUES (v_tenant, v_event, p_event_type, ticketing.current_user_id(), p_data);

    RETURN v_event;
END;
$function$;

COMMENT ON FUNCTION ticketing.record_audit_event(text, jsonb) IS
    'Records that a service started or stopped working for the tenant of the transaction (TK701 '
    'without one) and returns the id of the event. TK001 for any other type, and for data that are '
    'no JSON object or over 8 kB. SECURITY DEFINER because no role may write events by hand.';

GRANT EXECUTE ON FUNCTION ticketing.record_audit_event(text, jsonb)
TO ticketing_app, ticketing_worker;
