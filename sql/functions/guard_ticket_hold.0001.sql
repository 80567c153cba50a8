CREATE OR REPLACE FUNCTION ticketing.guard_ticket_hold()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NEW.status = 'expired' AND OLD.expires_at IS NULL THEN
        RAISE EXCEPTION 'house hold % has no deadline and does not expire', OLD.id
            USING ERRCODE = 'TK205', HINT = 'Release it.';
    END IF;

    NEW.remaining_quantity := 0;
    NEW.released_at := coalesce(NEW.released_at, clock_timestamp());
    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_ticket_hold() IS
    'BEFORE UPDATE trigger of ticket_holds, for a change of status: a hold that ends keeps nothing '
    'back and is stamped; one without a deadline is released, it does not expire (TK205).';
