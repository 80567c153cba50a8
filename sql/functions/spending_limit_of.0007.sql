CREATE OR REPLACE FUNCTION ticketing.spending_limit_of(
    p_user_id uuid,
    p_currency text
)
RETURNS TABLE (
    per_transaction_limit bigint,
    daily_limit bigint,
    weekly_limit bigint,
    monthly_limit bigint,
    window_mode text,
    timezone text
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
BEGIN
    RETURN QUERY
    SELECT
        l.per_transaction_limit,
        l.daily_limit,
        l.weekly_limit,
        l.monthly_limit,
        l.window_mode,
        l.timezone
    FROM ticketing.spending_limits AS l
    WHERE l.tenant_id = v_tenant_id AND l.user_id = p_user_id AND l.currency = p_currency;

    IF FOUND THEN
        RETURN;
    END IF;

    RETURN QUERY
    SELECT
        l.per_transaction_limit,
        l.daily_limit,
        l.weekly_limit,
        l.monthly_limit,
        l.window_mode,
        l.timezone
    FROM ticketing.spending_limits AS l
    WHERE l.tenant_id = v_tenant_id AND l.user_id IS NULL AND l.currency = p_currency;

    IF FOUND THEN
        RETURN;
    END IF;

    -- The defaults of the table's columns.
    RETURN QUERY
    VALUES (50000::bigint, 100000::bigint, 500000::bigint, 2000000::bigint, 'rolling', 'UTC');
END;
$function$;

COMMENT ON FUNCTION ticketing.spending_limit_of(uuid, text) IS
    'The limits that hold for a person in a currency: of their own row, else the tenant''s '
    'default, else those that the table gives by itself. Always one row.';

GRANT EXECUTE ON FUNCTION ticketing.spending_limit_of(uuid, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
