CREATE OR REPLACE FUNCTION ticketing.complete_request_ticket(
    p_request_ticket_id uuid,
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
    UPDATE ticketing.request_tickets AS t
    SET state = 'completed'
    WHERE t.tenant_id = v_ticket.tenant_id AND t.id = v_ticket.id
    RETURNING t.* INTO v_ticket;

    RETURN v_ticket;
END;
$function$;

COMMENT ON FUNCTION ticketing.complete_request_ticket(uuid, integer, bigint) IS
    'Completes a pending request ticket and returns it. A worker passes the claim_number that it '
    'was given; without, the request must not be claimed (TK144). TK141 unknown, TK142 closed '
    'already, TK143 no longer at p_expected_version, TK145 somebody else''s, for a customer''s '
    'session; TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.complete_request_ticket(uuid, integer, bigint)
TO ticketing_app, ticketing_worker;
