CREATE OR REPLACE FUNCTION ticketing.clear_check_in()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_before text;
BEGIN
    SELECT h.previous_status
    INTO v_before
    FROM ticketing.ticket_state_history AS h
    WHERE
        h.tenant_id = OLD.tenant_id
        AND h.ticket_id = OLD.id
        AND h.new_status = 'checked_in'
        AND h.ticket_version IS NOT NULL
    ORDER BY h.seq DESC
    LIMIT 1;

    -- A check-in from before the history was kept has no row, and either way back is taken on trust.
    IF v_before <> NEW.status THEN
        RAISE EXCEPTION 'ticket % was % before its check-in, not %', OLD.id, v_before, NEW.status
            USING
                ERRCODE = 'TK210',
                HINT = format('Undo the check-in by going back to %s.', v_before);
    END IF;

    NEW.checked_in_at := NULL;
    NEW.checked_in_by := NULL;
    NEW.check_in_round := OLD.check_in_round + 1;
    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.clear_check_in() IS
    'BEFORE UPDATE trigger of tickets, for a check-in that is undone: back to the status that the '
    'ticket had before it and to no other (TK210). The ticket has not been in, so a later refund '
    'or revocation does not count as one after entry, and a new round of check-in begins, in which '
    'it may enter once more.';
