CREATE OR REPLACE FUNCTION ticketing.update_user_events_attended()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_change integer := CASE NEW.status WHEN 'checked_in' THEN 1 ELSE -1 END;
BEGIN
    -- The person first: of two tickets of one person scanned at the same moment, the second
    -- waits here and then sees the first one admitted.
    PERFORM 1
    FROM ticketing.users AS u
    WHERE u.tenant_id = NEW.tenant_id AND u.id = NEW.user_id
    FOR NO KEY UPDATE;

    -- One event counts once, however many tickets the person holds. Who was ejected or refunded
    -- after entry has still been there.
    IF EXISTS (
        SELECT 1
        FROM ticketing.tickets AS t
        WHERE
            t.tenant_id = NEW.tenant_id
            AND t.user_id = NEW.user_id
            AND t.event_id = NEW.event_id
            AND t.id <> NEW.id
            AND (
                t.status IN ('checked_in', 'used')
                OR (t.status IN ('revoked', 'refunded') AND t.checked_in_at IS NOT NULL)
            )
    ) THEN
        RETURN NULL;
    END IF;

    UPDATE ticketing.users AS u
    SET events_attended = u.events_attended + v_change
    WHERE u.tenant_id = NEW.tenant_id AND u.id = NEW.user_id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.update_user_events_attended() IS
    'AFTER trigger of tickets: the first of a person''s tickets for an event that is checked in '
    'raises events_attended; undoing the only check-in lowers it again. SECURITY DEFINER because '
    'no other role may write this counter.';
