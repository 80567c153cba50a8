CREATE OR REPLACE FUNCTION ticketing.extend_ticket_pass_claim(
    p_pass_id uuid,
    p_claim_number integer,
    p_lease interval DEFAULT '5 minutes'
)
RETURNS ticketing.ticket_passes
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_longest_lease CONSTANT interval := interval '1 day';
    v_pass ticketing.ticket_passes;
BEGIN
    IF p_lease IS NULL OR p_lease NOT BETWEEN interval '1 second' AND c_longest_lease THEN
        RAISE EXCEPTION 'a lease of % is not possible', coalesce(p_lease::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Extend a claim by one second to one day.';
    END IF;

    v_pass := ticketing.lock_claimed_ticket_pass(p_pass_id, p_claim_number);

    IF v_pass.claimed_until <= clock_timestamp() THEN
        RAISE EXCEPTION 'claim % of pass % ran out at %',
            p_claim_number, v_pass.id, v_pass.claimed_until
            USING ERRCODE = 'TK744', HINT = 'Claim again; extend earlier, or claim for longer.';
    END IF;

    UPDATE ticketing.ticket_passes AS p
    SET claimed_until = clock_timestamp() + p_lease
    WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id
    RETURNING p.* INTO v_pass;

    RETURN v_pass;
END;
$function$;

COMMENT ON FUNCTION ticketing.extend_ticket_pass_claim(uuid, integer, interval) IS
    'Makes a live claim last p_lease (1 second to 1 day) from now, also less than it had '
    'left, and returns the pass; a pass_version above the worker''s says that its work is '
    'outdated. TK744 when the claim ran out, was given back or answered, or is not the last '
    'one; TK740 unknown, TK001 for a wrong argument, TK745 in a customer''s session, TK701 '
    'without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.extend_ticket_pass_claim(uuid, integer, interval)
TO ticketing_app, ticketing_worker;
