CREATE OR REPLACE FUNCTION ticketing.release_request_ticket_claim(
    p_request_ticket_id uuid,
    p_claim_number integer
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ticket ticketing.request_tickets;
BEGIN
    IF p_claim_number IS NULL THEN
        RAISE EXCEPTION 'which claim is to be given back is not said'
            USING ERRCODE = 'TK001', HINT = 'Pass the claim_number that the claim came with.';
    END IF;

    v_ticket := ticketing.lock_claimed_request_ticket(p_request_ticket_id, p_claim_number);

    UPDATE ticketing.request_tickets AS t
    SET
        claimed_by = NULL,
        claimed_until = NULL
    WHERE t.tenant_id = v_ticket.tenant_id AND t.id = v_ticket.id
    RETURNING t.* INTO v_ticket;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.release_request_ticket_claim(uuid, integer) IS
    'Gives a claimed request ticket back to the queue at its old place, and returns it: for a '
    'worker that stops, or that is to try again later. TK144 when the claim was given back or is '
    'not the last one, TK001 without its number, TK141 unknown, TK142 closed, TK701 without a '
    'tenant.';

GRANT EXECUTE ON FUNCTION ticketing.release_request_ticket_claim(uuid, integer)
TO ticketing_app, ticketing_worker;
