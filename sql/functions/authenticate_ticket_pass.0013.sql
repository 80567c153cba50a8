CREATE OR REPLACE FUNCTION ticketing.authenticate_ticket_pass(
    p_pass_type_id text,
    p_serial_number text,
    p_auth_token_hash text
)
RETURNS SETOF ticketing.ticket_passes
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    RETURN QUERY
    SELECT p.*
    FROM ticketing.ticket_passes AS p
    WHERE
        p.tenant_id = v_tenant
        AND p.channel = 'apple_wallet'
        AND p.serial_number = p_serial_number
        AND p.pass_type_id = p_pass_type_id
        AND p.auth_token_hash = p_auth_token_hash;
END;
$function$;

COMMENT ON FUNCTION ticketing.authenticate_ticket_pass(text, text, text) IS
    'The pass that a device asks for, if type, serial number and the SHA-256 of the token it '
    'sent (lower-case hexadecimal) are those of one pass; else no row, which is HTTP 401 '
    'whatever did not fit. A void pass is found too: the device must hear of its end. TK701 '
    'without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.authenticate_ticket_pass(text, text, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
