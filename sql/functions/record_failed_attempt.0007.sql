CREATE OR REPLACE FUNCTION ticketing.record_failed_attempt(
    p_identifier text,
    p_identifier_type text,
    p_ip_address inet DEFAULT NULL,
    p_user_agent text DEFAULT NULL,
    p_reason text DEFAULT NULL,
    p_max_attempts integer DEFAULT 5,
    p_window interval DEFAULT '1 hour',
    p_lock_for interval DEFAULT '15 minutes',
    p_max_attempts_of_ip integer DEFAULT 50
)
RETURNS TABLE (
    is_locked boolean,
    failed_attempt_count integer,
    locked_until timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_identifier text := ticketing.lockout_identifier(p_identifier, p_identifier_type);
    v_attempt record;
    v_locked_until timestamptz;
BEGIN
    PERFORM ticketing.require_fresh_snapshot();

    -- No more than a hundred an hour is what OWASP ASVS allows; a lock of days would be a weapon.
    IF coalesce(p_max_attempts, 0) NOT BETWEEN 1 AND 100
        OR coalesce(p_max_attempts_of_ip, 0) NOT BETWEEN 1 AND 100000
        OR coalesce(p_window, '0') NOT BETWEEN interval '1 second' AND interval '1 day'
        OR coalesce(p_lock_for, '0') NOT BETWEEN interval '1 second' AND interval '1 day'
    THEN
        RAISE EXCEPTION 'a threshold is missing or out of range'
            USING
                ERRCODE = 'TK001',
                HINT = 'Allow 1 to 100 attempts, of an address 1 to 100000; window and lock last '
                    'a second to a day.';
    END IF;

    SELECT a.failed_attempt_count, a.locked_until
    INTO STRICT v_attempt
    FROM ticketing.add_failed_attempt(
        v_tenant_id,
        v_identifier,
        p_identifier_type,
        CASE p_identifier_type WHEN 'ip' THEN p_max_attempts_of_ip ELSE p_max_attempts END,
        p_window,
        p_lock_for,
        p_ip_address,
        p_user_agent,
        p_reason
    ) AS a;

    -- The address after the account, always. It counts for itself, so that one address cannot try
    -- a few passwords on each of many accounts.
    IF p_ip_address IS NOT NULL AND p_identifier_type <> 'ip' THEN
        PERFORM ticketing.add_failed_attempt(
            v_tenant_id,
            ticketing.lockout_identifier(host(p_ip_address), 'ip'),
            'ip',
            p_max_attempts_of_ip,
            p_window,
            p_lock_for,
            p_ip_address,
            p_user_agent,
            p_reason
        );
    END IF;

    v_locked_until := ticketing.locked_until(p_identifier, p_identifier_type, p_ip_address);

    RETURN QUERY
    SELECT v_locked_until IS NOT NULL, v_attempt.failed_attempt_count, v_locked_until;
END;
$function$;

COMMENT ON FUNCTION
    ticketing.record_failed_attempt(
        text, text, inet, text, text, integer, interval, interval, integer
    ) IS
    'Records a failed attempt to prove an identity, for the account and, when given, for the '
    'address it came from, and locks either at its threshold: 5 attempts of an account, 50 of an '
    'address, within an hour, for 15 minutes unless told. Returns whether either is locked now, '
    'the attempts of the account that count, and until when. Within the tenant of the context; '
    'without one on the platform, and such a lock holds in every tenant. E-mail addresses and '
    'ticket codes are to be hashed by the caller. SECURITY DEFINER because no other role may write '
    'the events. Raises TK001 for what is missing or out of range, TK729 at REPEATABLE READ. '
    'Commit after it, also when the request fails.';

GRANT EXECUTE ON FUNCTION
    ticketing.record_failed_attempt(
        text, text, inet, text, text, integer, interval, interval, integer
    )
TO ticketing_app, ticketing_worker;
