CREATE OR REPLACE FUNCTION ticketing.clear_check_in()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NEW.checked_in_at := NULL;
    NEW.checked_in_by := NULL;
    NEW.check_in_round := OLD.check_in_round + 1;
    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.clear_check_in() IS
    'BEFORE UPDATE trigger of tickets, for a check-in that is undone: the ticket has not been in, '
    'so a later refund or revocation does not count as one after entry, and a new round of '
    'check-in begins, in which it may enter once more.';
