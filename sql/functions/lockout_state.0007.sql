CREATE OR REPLACE FUNCTION ticketing.lockout_state(
    p_tenant_id uuid,
    p_identifier text,
    p_identifier_type text,
    p_window interval
)
RETURNS TABLE (
    failed_attempt_count integer,
    locked_until timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_generic_plan
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_last record;
    v_since timestamptz;
BEGIN
    -- The plan is generic above because one for this moment may take little to have happened of
    -- late, and read what happened to everybody.
    --
    -- Two queries instead of IS NOT DISTINCT FROM, which no index serves.
    IF p_tenant_id IS NULL THEN
        SELECT e.failed_attempt_count, e.locked_until, e.created_at
        INTO v_last
        FROM ticketing.account_lockout_events AS e
        WHERE
            e.tenant_id IS NULL
            AND e.identifier_type = p_identifier_type
            AND e.identifier = p_identifier
            AND e.event_type <> 'failed_attempt'
        -- The order of the index; the planner takes IS NULL for no constant.
        ORDER BY e.tenant_id ASC, e.seq DESC
        LIMIT 1;
    ELSE
        SELECT e.failed_attempt_count, e.locked_until, e.created_at
        INTO v_last
        FROM ticketing.account_lockout_events AS e
        WHERE
            e.tenant_id = p_tenant_id
            AND e.identifier_type = p_identifier_type
            AND e.identifier = p_identifier
            AND e.event_type <> 'failed_attempt'
        ORDER BY e.seq DESC
        LIMIT 1;
    END IF;

    IF v_last.locked_until > v_now THEN
        RETURN QUERY SELECT v_last.failed_attempt_count, v_last.locked_until;
        RETURN;
    END IF;

    -- Attempts of before an unlock and of before the end of a lock are settled.
    v_since := greatest(v_now - p_window, v_last.locked_until, v_last.created_at);

    IF p_tenant_id IS NULL THEN
        RETURN QUERY
        SELECT count(*)::integer, NULL::timestamptz
        FROM ticketing.account_lockout_events AS e
        WHERE
            e.tenant_id IS NULL
            AND e.identifier_type = p_identifier_type
            AND e.identifier = p_identifier
            AND e.event_type = 'failed_attempt'
            AND e.created_at > v_since;
    ELSE
        RETURN QUERY
        SELECT count(*)::integer, NULL::timestamptz
        FROM ticketing.account_lockout_events AS e
        WHERE
            e.tenant_id = p_tenant_id
            AND e.identifier_type = p_identifier_type
            AND e.identifier = p_identifier
            AND e.event_type = 'failed_attempt'
            AND e.created_at > v_since;
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.lockout_state(uuid, text, text, interval) IS
    'Where an identifier stands in one tenant, or on the platform for NULL: the failed attempts of '
    'the window that count, and the end of the lock in force, NULL when there is none. Takes the '
    'identifier as lockout_identifier gives it. Called by the lockout functions alone, as the '
    'owner.';
