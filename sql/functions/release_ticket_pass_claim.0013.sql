CREATE OR REPLACE FUNCTION ticketing.release_ticket_pass_claim(
    p_pass_id uuid,
    p_claim_number integer
)
RETURNS ticketing.ticket_passes
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_pass ticketing.ticket_passes := ticketing.lock_claimed_ticket_pass(
        p_pass_id, p_claim_number
    );
BEGIN
    UPDATE ticketing.ticket_passes AS p
    SET
        claimed_by = NULL,
        claimed_until = NULL,
        attempts = greatest(p.attempts - 1, 0),
        sending_version = CASE
            WHEN p.status = 'produced' THEN nullif(p.sending_version, p.pass_version)
            ELSE p.sending_version
        END
    WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id
    RETURNING p.* INTO v_pass;

    RETURN v_pass;
END;
$function$;

COMMENT ON FUNCTION ticketing.release_ticket_pass_claim(uuid, integer) IS
    'Gives a claimed pass back untouched, at its old place and without counting the attempt, '
    'and returns it: for a worker that stops. Of a delivery it says that nothing was sent. '
    'TK744 when the claim was given back or answered, or is not the last one; TK740 unknown, '
    'TK001 without its number, TK745 in a customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.release_ticket_pass_claim(uuid, integer)
TO ticketing_app, ticketing_worker;
