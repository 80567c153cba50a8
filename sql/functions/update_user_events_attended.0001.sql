CREATE OR REPLACE FUNCTION ticketing.update_user_events_attended()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- One entry a ticket in each: 1 for one that is admitted now, -1 for one that was before.
    v_tenants uuid[];
    v_users uuid[];
    v_events uuid[];
    v_admitted integer[];
    v_change record;
    v_now bigint;
    v_before bigint;
BEGIN
    -- Whoever was ejected or refunded after entry has still been there.
    SELECT
        array_agg(n.tenant_id), array_agg(n.user_id), array_agg(n.event_id), array_agg(1)
    INTO v_tenants, v_users, v_events, v_admitted
    FROM new_rows AS n
    WHERE
        n.user_id IS NOT NULL
        AND (
            n.status IN ('checked_in', 'used')
            OR (n.status IN ('revoked', 'refunded') AND n.checked_in_at IS NOT NULL)
        );

    IF TG_OP = 'UPDATE' THEN
        SELECT
            v_tenants || array_agg(o.tenant_id),
            v_users || array_agg(o.user_id),
            v_events || array_agg(o.event_id),
            v_admitted || array_agg(-1)
        INTO v_tenants, v_users, v_events, v_admitted
        FROM old_rows AS o
        WHERE
            o.user_id IS NOT NULL
            AND (
                o.status IN ('checked_in', 'used')
                OR (o.status IN ('revoked', 'refunded') AND o.checked_in_at IS NOT NULL)
            );
    END IF;

    FOR v_change IN
        SELECT r.tenant_id, r.user_id, r.event_id, sum(r.admitted) AS tickets
        FROM unnest(v_tenants, v_users, v_events, v_admitted)
            AS r (tenant_id, user_id, event_id, admitted)
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
