CREATE OR REPLACE FUNCTION ticketing.guard_ticket_pass()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_most_attempts CONSTANT integer := 10;
    v_now timestamptz := clock_timestamp();
    v_ticket record;
    v_event_id uuid;
    v_is_live boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT t.event_id
        INTO v_event_id
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id;

        -- An event that is being changed has only those passes built anew that it can see. So this
        -- waits for it, or it for this (refresh_event_passes).
        IF FOUND THEN
            PERFORM pg_advisory_xact_lock_shared(
                hashtext('ticketing.ticket_passes'), hashtext(v_event_id::text)
            );
        END IF;

        -- The same for the ticket itself.
        SELECT t.status, t.credential_version
        INTO v_ticket
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id
        FOR SHARE;

        IF NOT FOUND THEN
            -- A ticket that the tenant does not have is the foreign key's to refuse; a customer is
            -- told no more about a ticket of somebody else.
            IF ticketing.acts_for_tenant() THEN
                RETURN NEW;
            END IF;

            RAISE EXCEPTION 'there is no ticket % of this user', NEW.ticket_id
                USING ERRCODE = 'TK741', HINT = 'Check the id; a customer has only own tickets.';
        END IF;

        IF v_ticket.status NOT IN ('sold', 'minted', 'active', 'transferred', 'checked_in') THEN
            RAISE EXCEPTION 'ticket % is % and gets no pass', NEW.ticket_id, v_ticket.status
                USING
                    ERRCODE = 'TK742',
                    HINT = 'A pass is for a ticket that somebody holds and that has not ended.';
        END IF;

        NEW.credential_version := v_ticket.credential_version;
        RETURN NEW;
    END IF;

    IF current_user <> 'ticketing_owner' AND NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not change passes'
            USING ERRCODE = 'TK745', HINT = 'Use a session that acts for the tenant.';
    END IF;

    IF (NEW.tenant_id, NEW.id, NEW.ticket_id, NEW.channel, NEW.serial_number, NEW.created_at)
        IS DISTINCT FROM
        (OLD.tenant_id, OLD.id, OLD.ticket_id, OLD.channel, OLD.serial_number, OLD.created_at)
        OR NEW.pass_type_id IS DISTINCT FROM coalesce(OLD.pass_type_id, NEW.pass_type_id)
        OR NEW.auth_token_hash IS DISTINCT FROM coalesce(OLD.auth_token_hash, NEW.auth_token_hash)
        OR NEW.voided_at IS DISTINCT FROM coalesce(OLD.voided_at, NEW.voided_at)
    THEN
        RAISE EXCEPTION 'what a wallet knows pass % by cannot change, nor is it unvoided', OLD.id
            USING
                ERRCODE = 'TK002',
                HINT = 'Void the pass and make another; a wallet takes that for a new one.';
    END IF;

    IF NEW.pass_version < OLD.pass_version THEN
        RAISE EXCEPTION 'pass % is at version % and does not go back', OLD.id, OLD.pass_version
            USING ERRCODE = 'TK002', HINT = 'Raise pass_version to have the pass built anew.';
    END IF;

    NEW.claim_number := OLD.claim_number;
    NEW.produced_at := OLD.produced_at;
    NEW.produced_xid := OLD.produced_xid;

    IF OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL THEN
        NEW.voided_at := v_now;
        NEW.pass_version := greatest(NEW.pass_version, OLD.pass_version + 1);
    ELSIF OLD.status IN ('produced', 'sent') AND NEW.status = 'pending' THEN
        NEW.pass_version := greatest(NEW.pass_version, OLD.pass_version + 1);
    END IF;

    IF NEW.pass_version > OLD.pass_version THEN
        -- A live claim stays, so that no two workers are at one pass; what its worker says of the
        -- older version ends the claim and nothing else.
        NEW.status := 'pending';
        NEW.error_message := NULL;
        NEW.next_attempt_at := v_now;
        NEW.attempts := 0;
        -- Nobody is sent a pass only to be told that it is void.
        NEW.max_attempts := CASE
            WHEN NEW.voided_at IS NULL
                OR OLD.delivered_at IS NOT NULL
                OR OLD.sending_version IS NOT NULL
                THEN c_most_attempts
            ELSE 0
        END;
    ELSIF NEW.status <> OLD.status AND NEW.status <> 'pending' THEN
        NEW.claimed_by := NULL;
        NEW.claimed_until := NULL;

        IF NEW.status = 'failed' THEN
            NEW.error_message := coalesce(
                nullif(btrim(NEW.error_message), ''), ticketing.status_change_reason()
            );
        ELSE
            NEW.error_message := NULL;
            NEW.next_attempt_at := v_now;
            NEW.attempts := 0;

            IF NEW.status = 'produced' THEN
                NEW.produced_at := v_now;
                NEW.produced_xid := pg_current_xact_id();
            ELSE
                NEW.delivered_at := v_now;
            END IF;
        END IF;

        RETURN NEW;
    END IF;

    v_is_live := coalesce(OLD.claimed_until > v_now, FALSE);

    IF NEW.claimed_by IS NOT NULL
        AND (NEW.claimed_by, NEW.claimed_until)
            IS DISTINCT FROM (OLD.claimed_by, OLD.claimed_until)
    THEN
        IF v_is_live AND NEW.claimed_by <> OLD.claimed_by THEN
            RAISE EXCEPTION 'pass % is claimed until %', OLD.id, OLD.claimed_until
                USING
                    ERRCODE = 'TK744',
                    HINT = 'Claim another, or wait until this claim has run out.';
        END IF;

        -- After its end even the same name is a new claim, because it may be another process of
        -- that name.
        IF NOT v_is_live THEN
            NEW.claim_number := OLD.claim_number + 1;
        END IF;
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_ticket_pass() IS
    'BEFORE INSERT OR UPDATE trigger of ticket_passes: only a ticket that is held gets a pass '
    '(TK741, TK742), and each step is stamped and ends the claim. Serial number, type, token '
    'and the end of a pass do not change, and pass_version does not fall (TK002). Whatever '
    'raises pass_version or voids the pass makes it due for building, or lays it to rest if it '
    'is void and nobody has it. A live claim is nobody else''s to take (TK744), and claims are '
    'numbered; a customer''s session changes none (TK745), except through the triggers of its '
    'ticket.';
