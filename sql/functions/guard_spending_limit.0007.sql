CREATE OR REPLACE FUNCTION ticketing.guard_spending_limit()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- A customer's first spending makes their row, as a copy of what holds for them anyway.
    IF NOT ticketing.acts_for_tenant()
        AND (
            TG_OP = 'UPDATE'
            OR NEW.user_id IS NULL
            OR NOT EXISTS (
                SELECT 1
                FROM ticketing.spending_limit_of(NEW.user_id, NEW.currency) AS l
                WHERE
                    l.per_transaction_limit = NEW.per_transaction_limit
                    AND l.daily_limit = NEW.daily_limit
                    AND l.weekly_limit = NEW.weekly_limit
                    AND l.monthly_limit = NEW.monthly_limit
                    AND l.window_mode = NEW.window_mode
                    AND l.timezone = NEW.timezone
            )
        )
    THEN
        RAISE EXCEPTION 'a customer''s session cannot set spending limits'
            USING
                ERRCODE = 'TK725',
                HINT = 'Set them in a session that acts for the tenant.';
    END IF;

    -- Found out here and not at the next purchase.
    BEGIN
        PERFORM clock_timestamp() AT TIME ZONE NEW.timezone;
    EXCEPTION
        WHEN invalid_parameter_value THEN
            RAISE EXCEPTION 'time zone "%" is not known', NEW.timezone
                USING
                    ERRCODE = 'TK726',
                    HINT = 'pg_timezone_names lists the names, such as Europe/Berlin.';
    END;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_spending_limit() IS
    'BEFORE INSERT OR UPDATE trigger of spending_limits. A customer''s session changes no limit '
    'and makes only the row that repeats what holds for them anyway (TK725); the time zone must be '
    'one that the server knows (TK726).';
