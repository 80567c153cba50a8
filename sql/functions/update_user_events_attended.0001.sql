CREATE OR REPLACE FUNCTION ticketing.update_user_events_attended()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_change record;
    v_now bigint;
    v_before bigint;
BEGIN
    -- Whoever was ejected or refunded after entry has still been there.
    FOR v_change IN
        SELECT r.tenant_id, r.user_id, r.event_id, sum(r.admitted) AS tickets
        FROM (
            SELECT n.tenant_id, n.user_id, n.event_id, n.status, n.checked_in_at, 1 AS admitted
            FROM new_rows AS n
            UNION ALL
            SELECT o.tenant_id, o.user_id, o.event_id, o.status, o.checked_in_at, -1
            FROM old_rows AS o
        ) AS r
        WHERE
            r.user_id IS NOT NULL
            AND (
                r.status IN ('checked_in', 'used')
                OR (r.status IN ('revoked', 'refunded') AND r.checked_in_at IS NOT NULL)
            )
        GROUP BY r.tenant_id, r.user_id, r.event_id
        HAVING sum(r.admitted) <> 0
        ORDER BY r.tenant_id, r.user_id, r.event_id
    LOOP
        -- The person first: of two tickets of one person scanned at the same moment, the second
        -- waits here and then sees the first one admitted.
        PERFORM 1
        FROM ticketing.users AS u
        WHERE u.tenant_id = v_change.tenant_id AND u.id = v_change.user_id
        FOR NO KEY UPDATE;

        SELECT count(*)
        INTO v_now
        FROM ticketing.tickets AS t
        WHERE
            t.tenant_id = v_change.tenant_id
            AND t.user_id = v_change.user_id
            AND t.event_id = v_change.event_id
            AND (
                t.status IN ('checked_in', 'used')
                OR (t.status IN ('revoked', 'refunded') AND t.checked_in_at IS NOT NULL)
            );

        -- One event counts once, however many tickets of it the person holds.
        v_before := v_now - v_change.tickets;

        UPDATE ticketing.users AS u
        SET events_attended = u.events_attended + CASE WHEN v_now > 0 THEN 1 ELSE -1 END
        WHERE
            u.tenant_id = v_change.tenant_id
            AND u.id = v_change.user_id
            AND (v_now > 0) <> (v_before > 0);
    END LOOP;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.update_user_events_attended() IS
    'Statement trigger of tickets: the first of a person''s tickets for an event that is checked '
    'in raises events_attended; undoing the only check-in lowers it again, and a ticket that '
    'changes hands takes its event along. SECURITY DEFINER because no other role may write this '
    'counter.';
