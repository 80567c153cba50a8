CREATE OR REPLACE FUNCTION ticketing.register_pass_device(
    p_device_library_id text,
    p_pass_type_id text,
    p_serial_number text,
    p_push_token text,
    p_auth_token_hash text
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_pass ticketing.ticket_passes;
    v_is_new boolean;
BEGIN
    SELECT p.*
    INTO v_pass
    FROM ticketing.authenticate_ticket_pass(
        p_pass_type_id, p_serial_number, p_auth_token_hash
    ) AS p;

    IF NOT FOUND THEN
        RETURN 'unauthorized';
    END IF;

    IF coalesce(length(p_device_library_id), 0) NOT BETWEEN 1 AND 255
        OR coalesce(length(p_push_token), 0) NOT BETWEEN 1 AND 255
    THEN
        RAISE EXCEPTION 'the device or its push token is missing or too long'
            USING ERRCODE = 'TK001', HINT = 'Pass both as the device sent them.';
    END IF;

    INSERT INTO ticketing.pass_device_registrations (
        tenant_id, pass_id, device_library_id, push_token
    ) VALUES (
        v_pass.tenant_id, v_pass.id, p_device_library_id, p_push_token
    )
    ON CONFLICT (tenant_id, pass_id, device_library_id) DO NOTHING;

    v_is_new := FOUND;

    IF NOT v_is_new THEN
        UPDATE ticketing.pass_device_registrations AS r
        SET push_token = p_push_token
        WHERE
            r.tenant_id = v_pass.tenant_id
            AND r.pass_id = v_pass.id
            AND r.device_library_id = p_device_library_id
            AND r.push_token <> p_push_token;
    END IF;

    -- A device that shows the pass proves that it arrived, whatever became of its delivery.
    UPDATE ticketing.ticket_passes AS p
    SET delivered_at = clock_timestamp()
    WHERE
        p.tenant_id = v_pass.tenant_id
        AND p.id = v_pass.id
        AND p.delivered_at IS NULL
        AND p.produced_at IS NOT NULL;

    RETURN CASE WHEN v_is_new THEN 'created' ELSE 'exists' END;
END;
$function$;

COMMENT ON FUNCTION ticketing.register_pass_device(text, text, text, text, text) IS
    'Registers a device for changes of a pass and returns created (201), exists (200; a new '
    'push token is stored) or unauthorized (401), when authenticate_ticket_pass finds no '
    'pass. Arguments in the order of Apple''s path; a device is no user, so call it without '
    'one. TK001 without a device or push token, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.register_pass_device(text, text, text, text, text)
TO ticketing_app, ticketing_worker;
