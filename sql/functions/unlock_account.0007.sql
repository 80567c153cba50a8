CREATE OR REPLACE FUNCTION ticketing.unlock_account(
    p_identifier text,
    p_identifier_type text,
    p_unlocked_by uuid DEFAULT NULL,
    p_reason text DEFAULT NULL
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
    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session cannot unlock accounts'
            USING ERRCODE = 'TK711', HINT = 'Unlock in a session of staff or of a service.';
    END IF;

    IF p_unlocked_by IS NOT NULL THEN
        PERFORM ticketing.require_session_user(p_unlocked_by);
    END IF;

    PERFORM ticketing.lock_lockout(v_tenant_id, v_identifier, p_identifier_type);

    SELECT s.failed_attempt_count, s.locked_until
    INTO STRICT v_state
    FROM ticketing.lockout_state(
        v_tenant_id, v_identifier, p_identifier_type, interval '1 day'
    ) AS s;

    IF v_state.failed_attempt_count > 0 THEN
        INSERT INTO ticketing.account_lockout_events (
            tenant_id, identifier, identifier_type, event_type, reason, unlocked_by
        ) VALUES (
            v_tenant_id, v_identifier, p_identifier_type, 'unlocked', p_reason,
            coalesce(p_unlocked_by, ticketing.current_user_id())
        );
    END IF;

    RETURN v_state.locked_until IS NOT NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.unlock_account(text, text, uuid, text) IS
    'Lifts the lock of an identifier and sets its failed attempts to none; returns whether there '
    'was a lock. In the tenant of the context alone: a lock of the platform is lifted without a '
    'tenant. A customer''s session is refused (TK711), and one that names somebody else as the '
    'person who unlocks (TK738); TK001 for a malformed identifier. SECURITY DEFINER because no '
    'other role may write the events.';

GRANT EXECUTE ON FUNCTION ticketing.unlock_account(text, text, uuid, text)
TO ticketing_app, ticketing_worker;
