CREATE OR REPLACE FUNCTION ticketing.guard_request_ticket()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_entity CONSTANT text := 'request_ticket';
    v_now timestamptz := clock_timestamp();
    v_user uuid := ticketing.current_user_id();
    v_reason text := ticketing.status_change_reason();
    v_creator uuid := NEW.created_by;
    v_live boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        v_creator := OLD.created_by;
    END IF;

    IF v_creator IS DISTINCT FROM v_user AND NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'the request ticket is somebody else''s'
            USING
                ERRCODE = 'TK145',
                HINT = 'A customer''s session makes and changes its own; one that acts for the '
                    'tenant, any.';
    END IF;

    IF TG_OP = 'INSERT' THEN
        -- A missing state is the NOT NULL constraint's to refuse, here and below.
        IF NEW.state IS NOT NULL THEN
            PERFORM ticketing.check_state_transition(c_entity, '*new*', NEW.state, v_reason);
        END IF;

        RETURN NEW;
    END IF;

    IF (NEW.tenant_id, NEW.id, NEW.created_by, NEW.created_at)
        IS DISTINCT FROM (OLD.tenant_id, OLD.id, OLD.created_by, OLD.created_at)
    THEN
        RAISE EXCEPTION 'who made request ticket %, and when, cannot change', OLD.id
            USING ERRCODE = 'TK002', HINT = 'Cancel it and make a new one.';
    END IF;

    IF NEW.state <> OLD.state THEN
        PERFORM ticketing.check_state_transition(
            c_entity, OLD.state, NEW.state, coalesce(v_reason, NEW.error)
        );

        NEW.claimed_by := NULL;
        NEW.claimed_until := NULL;

        CASE NEW.state
            WHEN 'completed' THEN
                NEW.completed_at := v_now;
            WHEN 'failed' THEN
                NEW.failed_at := v_now;
                NEW.error := coalesce(nullif(btrim(NEW.error), ''), v_reason);
            ELSE
                NEW.cancelled_at := v_now;
                NEW.cancelled_by := coalesce(NEW.cancelled_by, v_user);
                NEW.cancel_reason := coalesce(nullif(btrim(NEW.cancel_reason), ''), v_reason);

                IF NEW.cancelled_by <> v_user AND NOT ticketing.acts_for_tenant() THEN
                    RAISE EXCEPTION 'a customer''s session cancels in its own name'
                        USING
                            ERRCODE = 'TK145',
                            HINT = 'Leave cancelled_by out; app.current_user_id names the user.';
                END IF;
        END CASE;

        RETURN NEW;
    END IF;

    IF OLD.state <> 'pending' THEN
        IF (
            NEW.priority, NEW.tags, NEW.description, NEW.dest_path, NEW.claimed_by,
            NEW.claimed_until, NEW.claim_number, NEW.cancelled_by, NEW.cancelled_at,
            NEW.cancel_reason, NEW.completed_at, NEW.failed_at, NEW.error
        ) IS DISTINCT FROM (
            OLD.priority, OLD.tags, OLD.description, OLD.dest_path, OLD.claimed_by,
            OLD.claimed_until, OLD.claim_number, OLD.cancelled_by, OLD.cancelled_at,
            OLD.cancel_reason, OLD.completed_at, OLD.failed_at, OLD.error
        ) THEN
            RAISE EXCEPTION 'request ticket % is % and keeps what it says', OLD.id, OLD.state
                USING ERRCODE = 'TK002', HINT = 'Make a new request ticket.';
        END IF;

        RETURN NEW;
    END IF;

    v_live := coalesce(OLD.claimed_until > v_now, FALSE);
    NEW.claim_number := OLD.claim_number;

    IF NEW.claimed_by IS NOT NULL
        AND (NEW.claimed_by, NEW.claimed_until)
            IS DISTINCT FROM (OLD.claimed_by, OLD.claimed_until)
    THEN
        IF v_live AND NEW.claimed_by <> OLD.claimed_by THEN
            RAISE EXCEPTION 'request ticket % is claimed until %', OLD.id, OLD.claimed_until
                USING
                    ERRCODE = 'TK144',
                    HINT = 'Claim another, or wait until this claim has run out.';
        END IF;

        -- The same worker may make a live claim longer; after its end even the same name is a
        -- new claim, because it may be another process of that name.
        IF NOT v_live THEN
            NEW.claim_number := OLD.claim_number + 1;
        END IF;
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_request_ticket() IS
    'BEFORE INSERT OR UPDATE trigger of request_tickets: the state changes as state_transitions '
    'allows (TK201 to TK203) and each change is stamped. A closed request and its origin do not '
    'change (TK002); a live claim is nobody else''s to take (TK144), and claims are numbered; a '
    'customer''s session touches its own requests alone (TK145).';
