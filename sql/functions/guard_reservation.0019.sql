CREATE OR REPLACE FUNCTION ticketing.guard_reservation()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $function$
DECLARE
    -- now() is the start of the transaction, long past when the caller has waited for a lock.
    v_now timestamptz := clock_timestamp();
    v_type record;
    v_taken bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        -- enable_seqscan is off above so that the counters are found by their newest epoch, never
        -- by a scan over the dead versions of a small but busy table.
        --
        -- A repeated request is no new purchase, whatever has been sold since: the unique index
        -- finds the row, and ON CONFLICT hands it back.
        IF NEW.idempotency_key IS NOT NULL AND EXISTS (
            SELECT 1
            FROM ticketing.reservations AS r
            WHERE
                r.tenant_id = NEW.tenant_id
                AND r.ticket_type_id = NEW.ticket_type_id
                AND r.idempotency_key = NEW.idempotency_key
        ) THEN
            RETURN NEW;
        END IF;

        SELECT
            t.is_active,
            t.sale_start,
            t.sale_end,
            t.min_purchase,
            t.max_purchase,
            t.max_per_user,
            a.available_quantity
        INTO v_type
        FROM ticketing.ticket_types AS t
        INNER JOIN ticketing.ticket_inventory AS a
            ON t.tenant_id = a.tenant_id AND t.id = a.ticket_type_id
        WHERE t.tenant_id = NEW.tenant_id AND t.id = NEW.ticket_type_id
        ORDER BY a.epoch DESC
        LIMIT 1;

        -- A type of another tenant is as absent as one that never was: the foreign key says so.
        IF NOT FOUND THEN
            RETURN NEW;
        END IF;

        IF NOT v_type.is_active OR v_now < v_type.sale_start OR v_now >= v_type.sale_end THEN
            RAISE EXCEPTION 'ticket type % is not on sale', NEW.ticket_type_id
                USING
                    ERRCODE = 'TK102',
                    DETAIL = format(
                        'active: %s, on sale from %s until %s',
                        v_type.is_active, v_type.sale_start, v_type.sale_end
                    ),
                    HINT = 'Check is_active, sale_start and sale_end of the ticket type.';
        END IF;

        IF NEW.quantity NOT BETWEEN v_type.min_purchase AND v_type.max_purchase THEN
            RAISE EXCEPTION 'a quantity of % is not allowed for ticket type %',
                NEW.quantity, NEW.ticket_type_id
                USING
                    ERRCODE = 'TK103',
                    HINT = format(
                        'Ask for %s to %s.', v_type.min_purchase, v_type.max_purchase
                    );
        END IF;

        -- A look without a lock: most refusals of a sold-out sale end here and write nothing.
        -- The counter itself decides, after the row is in.
        IF v_type.available_quantity < NEW.quantity THEN
            RAISE EXCEPTION 'ticket type % has % left, % wanted',
                NEW.ticket_type_id, v_type.available_quantity, NEW.quantity
                USING
                    ERRCODE = 'TK101',
                    HINT = 'Ask for fewer, or try again when reservations have expired.';
        END IF;

        IF v_type.max_per_user IS NOT NULL AND NEW.user_id IS NOT NULL THEN
            -- Locking the rows that exist would not stop a new one: two carts of the same person
            -- queue on the person instead, one lock for all types so that they cannot deadlock.
            PERFORM pg_advisory_xact_lock(
                hashtext('ticketing.max_per_user'),
                hashtext(format('%s %s', NEW.tenant_id, NEW.user_id))
            );

            SELECT coalesce(sum(r.quantity - r.returned_quantity), 0)
            INTO v_taken
            FROM ticketing.reservations AS r
            WHERE
                r.tenant_id = NEW.tenant_id
                AND r.user_id = NEW.user_id
                AND r.ticket_type_id = NEW.ticket_type_id
                AND (r.status = 'confirmed' OR (r.status = 'pending' AND r.expires_at > v_now));

            IF v_taken + NEW.quantity > v_type.max_per_user THEN
                RAISE EXCEPTION 'user % would have % of ticket type %, % are allowed',
                    NEW.user_id, v_taken + NEW.quantity, NEW.ticket_type_id, v_type.max_per_user
                    USING
                        ERRCODE = 'TK104',
                        HINT = format('%s more are possible.', v_type.max_per_user - v_taken);
            END IF;
        END IF;

        RETURN NEW;
    END IF;

    IF (NEW.tenant_id, NEW.id, NEW.event_id, NEW.ticket_type_id, NEW.quantity, NEW.created_at)
        IS DISTINCT FROM
        (OLD.tenant_id, OLD.id, OLD.event_id, OLD.ticket_type_id, OLD.quantity, OLD.created_at)
        OR (NEW.user_id, NEW.guest_session) IS DISTINCT FROM (OLD.user_id, OLD.guest_session)
        OR (NEW.total_cents, NEW.currency) IS DISTINCT FROM (OLD.total_cents, OLD.currency)
    THEN
        RAISE EXCEPTION 'what reservation % claims, and for whom, cannot change', OLD.id
            USING
                ERRCODE = 'TK002',
                HINT = 'Cancel it and reserve anew.';
    END IF;

    IF NEW.returned_quantity <> OLD.returned_quantity
        AND (OLD.status <> 'confirmed' OR NEW.returned_quantity < OLD.returned_quantity)
    THEN
        RAISE EXCEPTION 'reservation % has given % back', OLD.id, OLD.returned_quantity
            USING
                ERRCODE = 'TK002',
                HINT = 'Places of a confirmed reservation come back, and never return to it.';
    END IF;

    IF OLD.status = 'confirmed'
        AND NEW.status = 'confirmed'
        AND NEW.order_id <> OLD.order_id
    THEN
        RAISE EXCEPTION 'reservation % is confirmed for order %', OLD.id, OLD.order_id
            USING
                ERRCODE = 'TK002',
                HINT = 'A second payment of the same reservation is a matter for a refund.';
    END IF;

    IF NEW.status = OLD.status THEN
        IF OLD.status = 'pending'
            AND v_now >= OLD.expires_at
            AND NEW.expires_at <> OLD.expires_at
        THEN
            RAISE EXCEPTION 'reservation % expired at % and cannot be prolonged',
                OLD.id, OLD.expires_at
                USING ERRCODE = 'TK105', HINT = 'Reserve again.';
        END IF;

        RETURN NEW;
    END IF;

    -- Paid too late is a matter for a refund: the places may be sold to somebody else by now,
    -- whether or not a sweeper has come by.
    IF NEW.status = 'confirmed' AND v_now >= OLD.expires_at THEN
        RAISE EXCEPTION 'reservation % expired at %', OLD.id, OLD.expires_at
            USING
                ERRCODE = 'TK105',
                HINT = 'Reserve again, or refund the payment that came too late.';
    END IF;

    IF NEW.status = 'confirmed' THEN
        NEW.confirmed_at := coalesce(NEW.confirmed_at, v_now);
    ELSE
        NEW.released_at := coalesce(NEW.released_at, v_now);
        NEW.release_reason := coalesce(
            NEW.release_reason,
            CASE NEW.status WHEN 'expired' THEN 'timeout' ELSE ticketing.status_change_reason() END
        );
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_reservation() IS
    'BEFORE INSERT OR UPDATE trigger of reservations. A new one is within the sale period (TK102), '
    'within the limits an order (TK103) and a person (TK104) have, and has room (TK101). '
    'A repeat with a known idempotency key is left to the unique index. '
    'An existing one keeps its subject and its price (TK002), gives places back but never takes '
    'them again (TK002), and is never '
    'confirmed or prolonged after expires_at (TK105), sweeper or not.';
