CREATE OR REPLACE FUNCTION ticketing.lock_request_ticket(
    p_request_ticket_id uuid,
    p_expected_version bigint DEFAULT NULL
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
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
    WHERE t.tenant_id = v_tenant AND t.id = p_request_ticket_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no request ticket %', p_request_ticket_id
            USING ERRCODE = 'TK141', HINT = 'Check the id and app.current_tenant_id.';
    END IF;

    IF v_ticket.state <> 'pending' THEN
        RAISE EXCEPTION 'request ticket % is already %', v_ticket.id, v_ticket.state
            USING ERRCODE = 'TK142', HINT = format('%s is final.', v_ticket.state);
    END IF;

    IF p_expected_version <> v_ticket.version THEN
        RAISE EXCEPTION 'request ticket % is at version %, not %',
            v_ticket.id, v_ticket.version, p_expected_version
            USING ERRCODE = 'TK143', HINT = 'Read it again, and decide anew.';
    END IF;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_request_ticket(uuid, bigint) IS
    'Locks a pending request ticket until the transaction ends and returns it as it stands then. '
    'TK141 when the tenant has none of that id, TK142 when it is closed, TK143 when it is no '
    'longer at p_expected_version, TK701 without a tenant. What changes a request calls it first.';

GRANT EXECUTE ON FUNCTION ticketing.lock_request_ticket(uuid, bigint)
TO ticketing_app, ticketing_worker;
