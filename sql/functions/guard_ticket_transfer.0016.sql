CREATE OR REPLACE FUNCTION ticketing.guard_ticket_transfer()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_ticket record;
    v_obstacle text;
BEGIN
    IF NEW.transfer_type IN ('admin', 'correction')
        AND (TG_OP = 'INSERT' OR NEW.transfer_type IS DISTINCT FROM OLD.transfer_type)
        AND NOT ticketing.acts_for_tenant()
    THEN
        RAISE EXCEPTION 'a customer''s session cannot make a transfer of type %', NEW.transfer_type
            USING
                ERRCODE = 'TK229',
                HINT = 'Offer it as a gift or a resale, or let staff move the ticket.';
    END IF;

    IF TG_OP = 'INSERT' THEN
        -- The ticket before its transfer, as everywhere: an offer and a scan, a refund or another
        -- offer at the same moment queue here.
        SELECT
            t.status,
            t.user_id,
            t.is_transferable,
            t.transfer_count,
            t.max_transfers,
            t.currency,
            t.max_resale_price_cents
        INTO v_ticket
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id
        FOR NO KEY UPDATE;

        -- A ticket that the tenant does not have is the foreign key's to refuse; a customer is told
        -- no more about a ticket of somebody else.
        IF NOT FOUND AND ticketing.acts_for_tenant() THEN
            RETURN NEW;
        END IF;

        v_obstacle := CASE
            WHEN NOT FOUND OR v_ticket.user_id IS DISTINCT FROM NEW.from_user_id
                THEN 'the sender does not hold it'
            WHEN v_ticket.status NOT IN ('active', 'transferred')
                THEN format('it is %s', v_ticket.status)
            -- Staff may move what holders may not.
            WHEN NEW.transfer_type IN ('admin', 'correction') THEN NULL
            WHEN NOT v_ticket.is_transferable THEN 'its type is not transferable'
            WHEN v_ticket.transfer_count >= v_ticket.max_transfers
                THEN format('it has been transferred %s times', v_ticket.transfer_count)
        END;

        IF v_obstacle IS NOT NULL THEN
            RAISE EXCEPTION 'ticket % cannot be transferred: %', NEW.ticket_id, v_obstacle
                USING
                    ERRCODE = 'TK206',
                    HINT = 'Read the ticket again; only its holder hands on an active ticket.';
        END IF;

        PERFORM ticketing.require_resale_price(
            NEW.transfer_type,
            NEW.price_cents,
            NEW.currency,
            v_ticket.max_resale_price_cents,
            v_ticket.currency
        );

        PERFORM ticketing.require_no_open_transaction(NEW.tenant_id, NEW.ticket_id);

        RETURN NEW;
    END IF;

    IF (NEW.tenant_id, NEW.id, NEW.ticket_id, NEW.from_user_id, NEW.created_at)
        IS DISTINCT FROM
        (OLD.tenant_id, OLD.id, OLD.ticket_id, OLD.from_user_id, OLD.created_at)
    THEN
        RAISE EXCEPTION 'what transfer % hands on, and whose it is, cannot change', OLD.id
            USING ERRCODE = 'TK002', HINT = 'Cancel it and offer the ticket anew.';
    END IF;

    IF (NEW.transfer_type, NEW.price_cents, NEW.currency)
        IS DISTINCT FROM (OLD.transfer_type, OLD.price_cents, OLD.currency)
    THEN
        SELECT t.currency, t.max_resale_price_cents
        INTO v_ticket
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_id;

        PERFORM ticketing.require_resale_price(
            NEW.transfer_type,
            NEW.price_cents,
            NEW.currency,
            v_ticket.max_resale_price_cents,
            v_ticket.currency
        );
    END IF;

    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;

    IF OLD.status = 'pending'
        AND NEW.status IN ('accepted', 'completed')
        AND v_now >= OLD.expires_at
    THEN
        RAISE EXCEPTION 'transfer % could be accepted until %', OLD.id, OLD.expires_at
            USING ERRCODE = 'TK207', HINT = 'Ask the sender for a new offer.';
    END IF;

    -- The token goes first: the holder does not change while the chain may still decide otherwise.
    IF NEW.status = 'completed' THEN
        PERFORM ticketing.require_no_open_transaction(NEW.tenant_id, NEW.ticket_id);
    END IF;

    CASE NEW.status
        WHEN 'accepted' THEN
            NEW.accepted_at := coalesce(NEW.accepted_at, v_now);
        WHEN 'completed' THEN
            NEW.accepted_at := coalesce(NEW.accepted_at, v_now);
            NEW.transferred_at := coalesce(NEW.transferred_at, v_now);
        WHEN 'rejected' THEN
            NEW.rejected_at := coalesce(NEW.rejected_at, v_now);
        WHEN 'cancelled' THEN
            NEW.cancelled_at := coalesce(NEW.cancelled_at, v_now);
            NEW.cancellation_reason := coalesce(
                NEW.cancellation_reason, ticketing.status_change_reason()
            );
        ELSE
            NULL;
    END CASE;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_ticket_transfer() IS
    'BEFORE INSERT OR UPDATE trigger of ticket_transfers. An offer is made by the holder, of a '
    'ticket that is active or transferred and may be handed on (TK206); transfers of type admin '
    'and correction pass over is_transferable and max_transfers, and no customer''s session makes '
    'one (TK229). Its price keeps to the ticket''s ceiling for resale (TK225) and to its currency '
    '(TK226). None is offered or completed while a transaction of the ticket is in flight (TK209). '
    'An existing one keeps its subject (TK002), is not accepted after expires_at (TK207), and is '
    'stamped with each change. Lock the ticket before you complete.';
