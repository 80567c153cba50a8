CREATE OR REPLACE FUNCTION ticketing.unregister_pass_device(
    p_device_library_id text,
    p_pass_type_id text,
    p_serial_number text,
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
BEGIN
    SELECT p.*
    INTO v_pass
    FROM ticketing.authenticate_ticket_pass(
        p_pass_type_id, p_serial_number, p_auth_token_hash
    ) AS p;

    IF NOT FOUND THEN
        RETURN 'unauthorized';
    END IF;

    DELETE FROM ticketing.pass_device_registrations AS r
    WHERE
        r.tenant_id = v_pass.tenant_id
        AND r.pass_id = v_pass.id
        AND r.device_library_id = p_device_library_id;

    RETURN CASE WHEN FOUND THEN 'deleted' ELSE 'absent' END;
END;
$function$;

COMMENT ON FUNCTION ticketing.unregister_pass_device(text, text, text, text) IS
    'Ends the registration of a device for a pass and returns deleted or absent (both 200), '
    'or unauthorized (401) when authenticate_ticket_pass finds no pass. The pass itself '
    'stays. TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.unregister_pass_device(text, text, text, text)
TO ticketing_app, ticketing_worker;
