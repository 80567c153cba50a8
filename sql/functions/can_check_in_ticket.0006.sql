CREATE OR REPLACE FUNCTION ticketing.can_check_in_ticket(
    p_ticket_id uuid,
    p_event_start timestamptz DEFAULT NULL,
    p_event_end timestamptz DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_tenant uuid := ticketing.current_tenant_id();
    v_may boolean;
BEGIN
    SELECT
        t.status IN ('active', 'transferred')
        AND e.status <> 'cancelled'
        AND v_now >= coalesce(p_event_start, e.starts_at) - e.check_in_opens_before
        AND v_now <= coalesce(p_event_end, e.ends_at) + e.check_in_closes_after
        AND v_now >= coalesce(t.valid_from, v_now)
        AND v_now < coalesce(t.expires_at, 'infinity')
        AND NOT EXISTS (
            SELECT 1
            FROM ticketing.ticket_transfers AS r
            WHERE
                r.tenant_id = v_tenant
                AND r.ticket_id = t.id
                AND r.status IN ('pending', 'accepted')
        )
    INTO v_may
    FROM ticketing.tickets AS t
    INNER JOIN ticketing.events AS e
        ON t.tenant_id = e.tenant_id AND t.event_id = e.id
    WHERE t.tenant_id = v_tenant AND t.id = p_ticket_id;

    -- A ticket that is not there, or not this tenant's, may not check in.
    RETURN coalesce(v_may, FALSE);
END;
$function$;

COMMENT ON FUNCTION ticketing.can_check_in_ticket(uuid, timestamptz, timestamptz) IS
    'Whether a ticket could be checked in at this moment: active or transferred, valid, not being '
    'transferred, its event not cancelled, and the time within the check-in window of the event; '
    'the arguments replace the event''s own start and end. False for an unknown ticket. It only '
    'looks: the door asks record_scan_attempt, which decides under the ticket''s lock.';

GRANT EXECUTE ON FUNCTION ticketing.can_check_in_ticket(uuid, timestamptz, timestamptz)
TO ticketing_app, ticketing_worker, ticketing_readonly;
