CREATE OR REPLACE FUNCTION ticketing.retry_ticket_pass(
    p_pass_id uuid
)
RETURNS ticketing.ticket_passes
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_most_attempts CONSTANT integer := 10;
    v_tenant uuid := ticketing.current_tenant_id();
    v_pass ticketing.ticket_passes;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not work on passes'
            USING ERRCODE = 'TK745', HINT = 'Use a session that acts for the tenant.';
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

    IF v_pass.claimed_until > clock_timestamp() THEN
        RAISE EXCEPTION 'pass % is claimed until %', v_pass.id, v_pass.claimed_until
            USING ERRCODE = 'TK744', HINT = 'Wait until the worker has answered.';
    END IF;

    IF v_pass.voided_at IS NOT NULL
        AND v_pass.delivered_at IS NULL
        AND v_pass.sending_version IS NULL
    THEN
        RAISE EXCEPTION 'pass % was voided before anybody had it', v_pass.id
            USING ERRCODE = 'TK743', HINT = 'There is nothing to deliver.';
    END IF;

    -- From produced or sent, the guard raises pass_version; the delivery is a new one.
    UPDATE ticketing.ticket_passes AS p
    SET
        status = 'pending',
        claimed_by = NULL,
        claimed_until = NULL,
        attempts = 0,
        max_attempts = c_most_attempts,
        next_attempt_at = clock_timestamp()
    WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id
    RETURNING p.* INTO v_pass;

    RETURN v_pass;
END;
$function$;

COMMENT ON FUNCTION ticketing.retry_ticket_pass(uuid) IS
    'Has a pass built and delivered from the start, now, with all its attempts, and returns '
    'it: for one that was given up, one whose delivery nobody knows the end of, or a holder '
    'who lost it. This is the call that does send twice. TK740 unknown, TK743 voided before '
    'anybody had it, TK744 under a live claim, TK202 unless the actor is system, admin or '
    'service, TK745 in a customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.retry_ticket_pass(uuid)
TO ticketing_app, ticketing_worker;
