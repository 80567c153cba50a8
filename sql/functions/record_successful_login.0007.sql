CREATE OR REPLACE FUNCTION ticketing.record_successful_login(
    p_identifier text,
    p_identifier_type text,
    p_ip_address inet DEFAULT NULL,
    p_user_agent text DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_identifier text := ticketing.lockout_identifier(p_identifier, p_identifier_type);
    v_state record;
BEGIN
    -- Whoever has one account of their own would clear the count of their address with it.
    IF p_identifier_type = 'ip' THEN
        RAISE EXCEPTION 'an address does not log in'
            USING ERRCODE = 'TK001', HINT = 'Name the account, and the address beside it.';
    END IF;

    PERFORM ticketing.lock_lockout(v_tenant_id, v_identifier, p_identifier_type);

    IF ticketing.is_locked(p_identifier, p_identifier_type, p_ip_address) THEN
        RETURN FALSE;
    END IF;

    SELECT s.failed_attempt_count
    INTO STRICT v_state
    FROM ticketing.lockout_state(
        v_tenant_id, v_identifier, p_identifier_type, interval '1 day'
    ) AS s;

    -- No row for the many logins that have nothing to reset.
    IF v_state.failed_attempt_count > 0 THEN
        INSERT INTO ticketing.account_lockout_events (
            tenant_id, identifier, identifier_type, event_type, reason, ip_address, user_agent
        ) VALUES (
            v_tenant_id, v_identifier, p_identifier_type, 'unlocked', 'success', p_ip_address,
            left(p_user_agent, 512)
        );
    END IF;

    RETURN TRUE;
END;
$function$;

COMMENT ON FUNCTION ticketing.record_successful_login(text, text, inet, text) IS
    'To call when the right secret was shown, before the session is given out. Returns whether the '
    'person may come in; then the failed attempts of the account are forgotten, those of the '
    'address are not. FALSE, and nothing forgotten, while account or address is locked: a lock '
    'holds against the right secret too, since the one who shows it may have guessed it. TK001 for '
    'a malformed identifier or an address. SECURITY DEFINER because no other role may write the '
    'events.';

GRANT EXECUTE ON FUNCTION ticketing.record_successful_login(text, text, inet, text)
TO ticketing_app, ticketing_worker;
