CREATE OR REPLACE FUNCTION ticketing.add_failed_attempt(
    p_tenant_id uuid,
    p_identifier text,
    p_identifier_type text,
    p_max_attempts integer,
    p_window interval,
    p_lock_for interval,
    p_ip_address inet,
    p_user_agent text,
    p_reason text
)
RETURNS TABLE (
    failed_attempt_count integer,
    locked_until timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_state record;
    v_count integer;
    v_now timestamptz;
BEGIN
    PERFORM ticketing.lock_lockout(p_tenant_id, p_identifier, p_identifier_type);

    SELECT s.failed_attempt_count, s.locked_until
    INTO STRICT v_state
    FROM ticketing.lockout_state(p_tenant_id, p_identifier, p_identifier_type, p_window) AS s;

    -- An attempt during a lock is kept, but neither prolongs the lock nor counts towards the next:
    -- whoever goes on trying must not be able to lock a person out for good.
    v_count := v_state.failed_attempt_count + (v_state.locked_until IS NULL)::integer;
    v_now := clock_timestamp();

    INSERT INTO ticketing.account_lockout_events (
        tenant_id, identifier, identifier_type, event_type, failed_attempt_count, reason,
        ip_address, user_agent, created_at
    ) VALUES (
        p_tenant_id, p_identifier, p_identifier_type, 'failed_attempt', v_count, p_reason,
        p_ip_address, left(p_user_agent, 512), v_now
    );

    IF v_state.locked_until IS NULL AND v_count >= p_max_attempts THEN
        v_state.locked_until := v_now + p_lock_for;

        INSERT INTO ticketing.account_lockout_events (
            tenant_id, identifier, identifier_type, event_type, failed_attempt_count, reason,
            locked_until, locked_by, ip_address, user_agent, created_at
        ) VALUES (
            p_tenant_id, p_identifier, p_identifier_type, 'locked', v_count,
            format('%s failed attempts', v_count), v_state.locked_until, 'system', p_ip_address,
            left(p_user_agent, 512), v_now
        );
    END IF;

    RETURN QUERY SELECT v_count, v_state.locked_until;
END;
$function$;

COMMENT ON FUNCTION
    ticketing.add_failed_attempt(
        uuid, text, text, integer, interval, interval, inet, text, text
    ) IS
    'Adds one failed attempt of one identifier, and its lock when that reaches the threshold; '
    'returns the attempts that count and the end of the lock in force. Callers for the same '
    'identifier queue until the transaction ends. Called by record_failed_attempt alone, as the '
    'owner.';
