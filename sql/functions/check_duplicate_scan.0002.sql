CREATE OR REPLACE FUNCTION ticketing.check_duplicate_scan(
    p_ticket_id uuid,
    p_time_window_seconds integer DEFAULT 30
)
RETURNS TABLE (
    is_duplicate boolean,
    last_scan_at timestamptz,
    scan_count integer
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_since timestamptz;
BEGIN
    -- Loud, because no rows would read "not a duplicate".
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session cannot look at scans'
            USING
                ERRCODE = 'TK303',
                HINT = 'Scan in a session that acts for the tenant: without app.current_user_id, '
                    'or with the role scanner.';
    END IF;

    IF p_ticket_id IS NULL THEN
        RAISE EXCEPTION 'p_ticket_id is missing'
            USING ERRCODE = 'TK001', HINT = 'Name the ticket.';
    END IF;

    IF p_time_window_seconds IS NULL OR p_time_window_seconds NOT BETWEEN 1 AND 86400 THEN
        RAISE EXCEPTION 'p_time_window_seconds is %, not 1 to 86400',
            coalesce(p_time_window_seconds::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Ask for a window of a second to a day.';
    END IF;

    v_since := clock_timestamp() - make_interval(secs => p_time_window_seconds);

    -- As record_scan_attempt decides: a repeat does not prolong the window, and what was let in
    -- before an undone check-in no longer counts.
    RETURN QUERY
    SELECT
        coalesce(bool_or(s.result = 'valid'), FALSE),
        max(s.scanned_at),
        count(*)::integer
    FROM ticketing.ticket_scans AS s
    INNER JOIN ticketing.tickets AS t
        ON s.tenant_id = t.tenant_id
            AND s.ticket_id = t.id
            AND s.check_in_round = t.check_in_round
    WHERE
        s.tenant_id = v_tenant
        AND s.ticket_id = p_ticket_id
        AND s.scanned_at >= v_since
        AND s.direction = 'entry'
        AND s.result IN ('valid', 'duplicate');
END;
$function$;

COMMENT ON FUNCTION ticketing.check_duplicate_scan(uuid, integer) IS
    'Whether a ticket was let in within the last p_time_window_seconds (1 to 86400, else TK001), '
    'how many entries and repeats of them there were since, and when the last was; those before '
    'an undone check-in do not count. One row, also for a ticket that the tenant does not have. It '
    'only looks, and two doors may both be told no: record_scan_attempt is what decides. TK303 in '
    'a customer''s session.';

GRANT EXECUTE ON FUNCTION ticketing.check_duplicate_scan(uuid, integer)
TO ticketing_app, ticketing_worker, ticketing_readonly;
