CREATE OR REPLACE FUNCTION ticketing.lock_claimed_ticket_pass(
    p_pass_id uuid,
    p_claim_number integer,
    p_answer text DEFAULT NULL
)
RETURNS ticketing.ticket_passes
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_pass ticketing.ticket_passes;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not work on passes'
            USING ERRCODE = 'TK745', HINT = 'Use a session that acts for the tenant.';
    END IF;

    IF p_claim_number IS NULL THEN
        RAISE EXCEPTION 'which claim of the pass is meant is not said'
            USING ERRCODE = 'TK001', HINT = 'Pass the claim_number that the claim came with.';
    END IF;

    SELECT p.*
    INTO v_pass
    FROM ticketing.ticket_passes AS p
    WHERE p.tenant_id = v_tenant AND p.id = p_pass_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no pass %', coalesce(p_pass_id::text, 'NULL')
            USING ERRCODE = 'TK740', HINT = 'Check the id and the tenant.';
    END IF;

    -- A claim that ran out is still good while nobody has claimed since: the work was done once.
    -- So is one that was answered the same way before, when that answer got lost on its way back.
    IF p_claim_number <> v_pass.claim_number
        OR (v_pass.claimed_by IS NULL AND v_pass.status IS DISTINCT FROM p_answer)
    THEN
        RAISE EXCEPTION 'claim % of pass % is over', p_claim_number, v_pass.id
            USING
                ERRCODE = 'TK744',
                HINT = 'It ran out, was given back or answered; drop the work, another worker has '
                    'the pass or will.';
    END IF;

    RETURN v_pass;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_claimed_ticket_pass(uuid, integer, text) IS
    'Locks a pass for whoever works on it until the transaction ends, and returns it. The '
    'claim must be the last one and not given back or answered, unless the answer was '
    'p_answer (TK744). Keeps a worker that was slow or thought dead from answering for '
    'another. TK740 unknown, TK001 without the number, TK745 in a customer''s session, TK701 '
    'without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.lock_claimed_ticket_pass(uuid, integer, text)
TO ticketing_app, ticketing_worker;
