CREATE OR REPLACE FUNCTION ticketing.lock_claimed_request_ticket(
    p_request_ticket_id uuid,
    p_claim_number integer,
    p_expected_version bigint DEFAULT NULL
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ticket ticketing.request_tickets := ticketing.lock_request_ticket(
        p_request_ticket_id, p_expected_version
    );
BEGIN
    IF p_claim_number IS NULL THEN
        IF v_ticket.claimed_until > clock_timestamp() THEN
            RAISE EXCEPTION 'request ticket % is claimed until %',
                v_ticket.id, v_ticket.claimed_until
                USING
                    ERRCODE = 'TK144',
                    HINT = 'Pass the claim_number of the worker that has it, or wait.';
        END IF;
    -- A claim that ran out is still good while nobody has claimed since: the work was done once.
    ELSIF v_ticket.claimed_by IS NULL OR p_claim_number <> v_ticket.claim_number THEN
        RAISE EXCEPTION 'claim % of request ticket % is over', p_claim_number, v_ticket.id
            USING
                ERRCODE = 'TK144',
                HINT = 'It ran out or was given back; drop the work, another worker has the '
                    'request or will.';
    END IF;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_claimed_request_ticket(uuid, integer, bigint) IS
    'lock_request_ticket for whoever works on the request: with p_claim_number that claim must be '
    'the last one and not given back; without, there must be no live claim (TK144). Keeps a worker '
    'that was slow or thought dead from closing what another one has by now.';

GRANT EXECUTE ON FUNCTION ticketing.lock_claimed_request_ticket(uuid, integer, bigint)
TO ticketing_app, ticketing_worker;
