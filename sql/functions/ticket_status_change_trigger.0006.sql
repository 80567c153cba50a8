CREATE OR REPLACE FUNCTION ticketing.ticket_status_change_trigger()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- A missing status is the NOT NULL constraint's to refuse.
    IF NEW.status IS NULL THEN
        RETURN NEW;
    END IF;

    IF TG_OP = 'INSERT' THEN
        PERFORM ticketing.check_state_transition(
            'ticket', '*new*', NEW.status, ticketing.status_change_reason()
        );
        RETURN NEW;
    END IF;

    -- Reason and person left over from an earlier change say nothing about this one.
    IF NEW.status_reason IS NOT DISTINCT FROM OLD.status_reason THEN
        NEW.status_reason := ticketing.status_change_reason();
    END IF;

    IF NEW.status_changed_by IS NOT DISTINCT FROM OLD.status_changed_by THEN
        NEW.status_changed_by := NULL;
    END IF;

    NEW.status_changed_by := coalesce(ticketing.current_user_id(), NEW.status_changed_by);
    NEW.status_changed_at := clock_timestamp();

    PERFORM ticketing.check_state_transition(
        'ticket', OLD.status, NEW.status, NEW.status_reason
    );

    IF NEW.status = 'checked_in' THEN
        -- Whoever offers a ticket locks it first (guard_ticket_transfer), so an offer made at this
        -- moment is either seen here or sees the ticket checked in.
        IF EXISTS (
            SELECT 1
            FROM ticketing.ticket_transfers AS r
            WHERE
                r.tenant_id = NEW.tenant_id
                AND r.ticket_id = NEW.id
                AND r.status IN ('pending', 'accepted')
        ) THEN
            RAISE EXCEPTION 'ticket % is being transferred', NEW.id
                USING
                    ERRCODE = 'TK208',
                    HINT = 'Complete, reject or cancel the open transfer first.';
        END IF;

        NEW.checked_in_at := coalesce(NEW.checked_in_at, NEW.status_changed_at);
        NEW.checked_in_by := coalesce(NEW.checked_in_by, NEW.status_changed_by);
    END IF;

    -- The money goes back only when it is known what the chain made of the ticket.
    IF NEW.status = 'refunded' THEN
        PERFORM ticketing.require_no_open_transaction(NEW.tenant_id, NEW.id);
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.ticket_status_change_trigger() IS
    'BEFORE INSERT and BEFORE UPDATE OF status trigger of tickets: the change must stand in '
    'state_transitions (TK201 to TK203). Stamps when, by whom (app.current_user_id) and why '
    '(status_reason, else app.status_change_reason). A ticket with an open transfer is not '
    'checked in (TK208), one with a transaction in flight not refunded (TK209).';
