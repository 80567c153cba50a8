CREATE OR REPLACE FUNCTION ticketing.guard_status_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_entity CONSTANT text := TG_ARGV[0];
    c_reason_column CONSTANT text := TG_ARGV[1];
    c_deadline_column CONSTANT text := TG_ARGV[2];
    v_deadline timestamptz;
BEGIN
    -- A missing status is the NOT NULL constraint's to refuse.
    IF NEW.status IS NULL THEN
        RETURN NEW;
    END IF;

    IF TG_OP = 'INSERT' THEN
        PERFORM ticketing.check_state_transition(
            c_entity, '*new*', NEW.status, ticketing.status_change_reason()
        );
        RETURN NEW;
    END IF;

    PERFORM ticketing.check_state_transition(
        c_entity,
        OLD.status,
        NEW.status,
        coalesce(
            ticketing.status_change_reason(),
            -- A whole row as JSON is dear: only for an entity that has such a column.
            CASE WHEN c_reason_column <> '' THEN to_jsonb(NEW) ->> c_reason_column END
        )
    );

    IF NEW.status = 'expired' AND c_deadline_column IS NOT NULL THEN
        -- From OLD: nobody moves the deadline and passes it in one statement.
        v_deadline := (to_jsonb(OLD) ->> c_deadline_column)::timestamptz;

        IF clock_timestamp() < v_deadline THEN
            RAISE EXCEPTION 'this % does not expire before %', c_entity, v_deadline
                USING
                    ERRCODE = 'TK205',
                    HINT = 'Wait for the deadline, or end it in another way, with a reason.';
        END IF;
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_status_change() IS
    'BEFORE INSERT and BEFORE UPDATE OF status trigger of every table whose status is a state '
    'machine: the change must stand in state_transitions (TK201 to TK203), and nothing expires '
    'before its deadline (TK205). Trigger arguments: the entity; the column in which a row may '
    'carry its own reason, or empty; the column with the deadline, or absent.';
