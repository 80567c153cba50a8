CREATE OR REPLACE FUNCTION ticketing.guard_hold()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- now() is the start of the transaction, long past when the caller has waited for a lock.
    v_now timestamptz := clock_timestamp();
BEGIN
    IF (NEW.tenant_id, NEW.id, NEW.event_id, NEW.zone_id, NEW.bucket_no, NEW.user_id)
        IS DISTINCT FROM
        (OLD.tenant_id, OLD.id, OLD.event_id, OLD.zone_id, OLD.bucket_no, OLD.user_id)
        OR (NEW.quantity, NEW.idempotency_key, NEW.created_at)
        IS DISTINCT FROM
        (OLD.quantity, OLD.idempotency_key, OLD.created_at)
    THEN
        RAISE EXCEPTION 'what hold % claims, and for whom, cannot change', OLD.id
            USING ERRCODE = 'TK002', HINT = 'Release it and hold anew.';
    END IF;

    IF NEW.status = OLD.status THEN
        IF (NEW.order_id, NEW.confirm_idempotency_key, NEW.confirmed_at, NEW.released_at)
            IS DISTINCT FROM
            (OLD.order_id, OLD.confirm_idempotency_key, OLD.confirmed_at, OLD.released_at)
        THEN
            RAISE EXCEPTION 'how hold % ended cannot change', OLD.id
                USING
                    ERRCODE = 'TK002',
                    HINT = 'A second payment of the same hold is a matter for a refund.';
        END IF;

        IF OLD.status = 'active' AND v_now >= OLD.expires_at AND NEW.expires_at <> OLD.expires_at
        THEN
            RAISE EXCEPTION 'hold % expired at % and cannot be prolonged', OLD.id, OLD.expires_at
                USING ERRCODE = 'TK127', HINT = 'Hold again.';
        END IF;

        RETURN NEW;
    END IF;

    IF NEW.status = 'confirmed' THEN
        -- Paid too late is a matter for a refund: the places may be somebody else's by now,
        -- whether or not a sweeper has come by.
        IF v_now >= OLD.expires_at THEN
            RAISE EXCEPTION 'hold % expired at %', OLD.id, OLD.expires_at
                USING
                    ERRCODE = 'TK127',
                    HINT = 'Hold again, or refund the payment that came too late.';
        END IF;

        NEW.confirmed_at := coalesce(NEW.confirmed_at, v_now);
    ELSE
        NEW.released_at := coalesce(NEW.released_at, v_now);
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_hold() IS
    'BEFORE UPDATE trigger of holds. A hold keeps its subject and, once it has ended, its end '
    '(TK002); it is never confirmed or prolonged after expires_at (TK127), sweeper or not. Stamps '
    'confirmed_at or released_at.';
