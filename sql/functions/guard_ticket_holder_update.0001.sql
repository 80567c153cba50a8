CREATE OR REPLACE FUNCTION ticketing.guard_ticket_holder_update()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Everything else is refused by default, so a column added later is protected as well.
    c_own CONSTANT text[] := ARRAY['resale_price_cents', 'resale_price', 'version', 'updated_at'];
BEGIN
    -- Functions of this schema that run as the owner do their own checks.
    IF current_user = 'ticketing_owner' THEN
        RETURN NULL;
    END IF;

    IF to_jsonb(NEW) - c_own IS DISTINCT FROM to_jsonb(OLD) - c_own THEN
        RAISE EXCEPTION 'the holder of ticket % may change only its resale price', OLD.id
            USING
                ERRCODE = 'TK004',
                HINT = 'Transfers, status and prices are changed by the functions for them, or by '
                    'a session that acts for the tenant.';
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_ticket_holder_update() IS
    'AFTER UPDATE trigger of tickets in sessions that act for one customer: of the ticket the '
    'policy lets the holder update, only the resale price may change (TK004). Row level security '
    'picks rows, not columns, hence the trigger.';
