CREATE OR REPLACE FUNCTION ticketing.get_request_ticket(
    p_request_ticket_id uuid
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_ticket ticketing.request_tickets;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    SELECT t.*
    INTO v_ticket
    FROM ticketing.request_tickets AS t
    WHERE t.tenant_id = v_tenant AND t.id = p_request_ticket_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no request ticket %', p_request_ticket_id
            USING ERRCODE = 'TK141', HINT = 'Check the id and app.current_tenant_id.';
    END IF;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.get_request_ticket(uuid) IS
    'A request ticket of the tenant, or TK141 when it has none of that id; TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.get_request_ticket(uuid)
TO ticketing_app, ticketing_worker, ticketing_readonly;
