CREATE OR REPLACE FUNCTION ticketing.extend_request_ticket_claim(
    p_request_ticket_id uuid,
    p_claim_number integer,
    p_lease interval DEFAULT '5 minutes'
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_longest_lease CONSTANT interval := interval '1 day';
    v_ticket ticketing.request_tickets;
BEGIN
    IF p_claim_number IS NULL THEN
        RAISE EXCEPTION 'which claim is to be extended is not said'
            USING ERRCODE = 'TK001', HINT = 'Pass the claim_number that the claim came with.';
    END IF;

    IF p_lease IS NULL OR p_lease NOT BETWEEN interval '1 second' AND c_longest_lease THEN
        RAISE EXCEPTION 'a lease of % is not possible', coalesce(p_lease::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Extend a claim by one second to one day.';
    END IF;

    v_ticket := ticketing.lock_claimed_request_ticket(p_request_ticket_id, p_claim_number);

    IF v_ticket.claimed_until <= clock_timestamp() THEN
        RAISE EXCEPTION 'claim % of request ticket % ran out at %',
            p_claim_number, v_ticket.id, v_ticket.claimed_until
            USING ERRCODE = 'TK144', HINT = 'Claim again; extend earlier, or claim for longer.';
    END IF;

    UPDATE ticketing.request_tickets AS t
    SET claimed_until = clock_timestamp() + p_lease
    WHERE t.tenant_id = v_ticket.tenant_id AND t.id = v_ticket.id
    RETURNING t.* INTO v_ticket;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.extend_request_ticket_claim(uuid, integer, interval) IS
    'Makes a live claim last p_lease (1 second to 1 day) from now, also less than it had left, and '
    'returns the request ticket. TK144 when the claim ran out, was given back or is not the last '
    'one; TK142 when the request is closed: the worker drops it. TK001 for a wrong argument, TK141 '
    'unknown, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.extend_request_ticket_claim(uuid, integer, interval)
TO ticketing_app, ticketing_worker;
