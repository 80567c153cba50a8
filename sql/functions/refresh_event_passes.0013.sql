CREATE OR REPLACE FUNCTION ticketing.refresh_event_passes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tickets uuid[];
BEGIN
    -- Waits for whoever is making passes of this event, and lets the next ones wait.
    PERFORM pg_advisory_xact_lock(hashtext('ticketing.ticket_passes'), hashtext(NEW.id::text));

    -- Two steps by key instead of a join, which on tables without statistics compares every ticket
    -- with every pass.
    v_tickets := ARRAY(
        SELECT t.id
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = NEW.tenant_id AND t.event_id = NEW.id
    );

    WITH living AS MATERIALIZED (
        SELECT p.id
        FROM ticketing.ticket_passes AS p
        WHERE
            p.tenant_id = NEW.tenant_id
            AND p.ticket_id = ANY (v_tickets)
            AND p.voided_at IS NULL
        -- In the order of the tickets, as everywhere.
        ORDER BY p.ticket_id, p.id
        FOR NO KEY UPDATE
    )
    UPDATE ticketing.ticket_passes AS p
    SET pass_version = p.pass_version + 1
    FROM living AS l
    WHERE p.tenant_id = NEW.tenant_id AND p.id = l.id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.refresh_event_passes() IS
    'AFTER UPDATE row trigger of events, for changes that a pass shows: has every living pass '
    'of the event built anew. SECURITY DEFINER because events are written by a consumer that '
    'works for no tenant; it takes the tenant from the row, NEW.tenant_id. One row is updated '
    'for each pass, so an event with a hundred thousand takes seconds.';
