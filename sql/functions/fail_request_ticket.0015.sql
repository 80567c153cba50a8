CREATE OR REPLACE FUNCTION ticketing.fail_request_ticket(
    p_request_ticket_id uuid,
    p_error text,
    p_claim_number integer DEFAULT NULL,
    p_expected_version bigint DEFAULT NULL
)
RETURNS ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_ticket ticketing.request_tickets := ticketing.lock_claimed_request_ticket(
        p_request_ticket_id, p_claim_number, p_expected_version
    );
BEGIN
    IF coalesce(btrim(p_error), '') = '' THEN
        RAISE EXCEPTION 'a failure needs an error that says why'
            USING ERRCODE = 'TK001', HINT = 'Pass in p_error what went wrong.';
    END IF;

    UPDATE ticketing.request_tickets AS t
    SET
        state = 'failed',
        error = p_error
    WHERE t.tenant_id = v_ticket.tenant_id AND t.id = v_ticket.id
    RETURNING t.* INTO v_ticket;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.fail_request_ticket(uuid, text, integer, bigint) IS
    'Gives a pending request ticket up for good, with the error that says why, and returns it. A '
    'worker passes the claim_number that it was given; without, the request must not be claimed '
    '(TK144). TK001 without an error, TK141 unknown, TK142 closed already, TK143 no longer at '
    'p_expected_version, TK145 somebody else''s, for a customer''s session; TK701 without a '
    'tenant. To try again later, release the claim instead.';

GRANT EXECUTE ON FUNCTION ticketing.fail_request_ticket(uuid, text, integer, bigint)
TO ticketing_app, ticketing_worker;
