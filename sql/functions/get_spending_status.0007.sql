CREATE OR REPLACE FUNCTION ticketing.get_spending_status(
    p_user_id uuid,
    p_currency text DEFAULT 'USD'
)
RETURNS TABLE (
    limit_name text,
    limit_cents bigint,
    spent_cents bigint,
    remaining_cents bigint,
    window_start timestamptz
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_limit record;
    v_day timestamptz;
    v_week timestamptz;
    v_month timestamptz;
    v_spent record;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF p_user_id IS NULL OR p_currency IS NULL OR p_currency !~ '^[A-Z]{3}$' THEN
        RAISE EXCEPTION 'person or currency is missing or malformed'
            USING ERRCODE = 'TK001', HINT = 'Name a user, and a currency such as EUR.';
    END IF;

    SELECT l.per_transaction_limit, l.daily_limit, l.weekly_limit, l.monthly_limit,
        l.window_mode, l.timezone
    INTO STRICT v_limit
    FROM ticketing.spending_limit_of(p_user_id, p_currency) AS l;

    IF v_limit.window_mode = 'calendar' THEN
        v_day := date_trunc('day', v_now, v_limit.timezone);
        v_week := date_trunc('week', v_now, v_limit.timezone);
        v_month := date_trunc('month', v_now, v_limit.timezone);
    ELSE
        -- In hours: a day of the session's time zone may have 23 or 25 of them.
        v_day := v_now - interval '24 hours';
        v_week := v_now - interval '168 hours';
        v_month := v_now - interval '720 hours';
    END IF;

    -- What was reversed drops out of the window that it was spent in. Subtracting the reversal in
    -- the window of its own moment would let an old refund make room for more than the limit.
    SELECT
        coalesce(sum(s.amount_cents) FILTER (WHERE s.occurred_at >= v_day), 0)::bigint AS day,
        coalesce(sum(s.amount_cents) FILTER (WHERE s.occurred_at >= v_week), 0)::bigint AS week,
        coalesce(sum(s.amount_cents) FILTER (WHERE s.occurred_at >= v_month), 0)::bigint AS month
    INTO v_spent
    FROM ticketing.spending_transactions AS s
    WHERE
        s.tenant_id = v_tenant_id
        AND s.user_id = p_user_id
        AND s.currency = p_currency
        -- A calendar week may have begun in the month before.
        AND s.occurred_at >= least(v_week, v_month)
        AND s.transaction_type <> 'reversal'
        AND NOT EXISTS (
            SELECT 1
            FROM ticketing.spending_transactions AS r
            WHERE r.tenant_id = s.tenant_id AND r.reverses_id = s.id
        );

    RETURN QUERY
    SELECT
        w.limit_name,
        w.limit_cents,
        w.spent_cents,
        greatest(w.limit_cents - w.spent_cents, 0),
        w.window_start
    FROM (
        VALUES
            (1, 'per_transaction', v_limit.per_transaction_limit, 0::bigint, NULL::timestamptz),
            (2, 'daily', v_limit.daily_limit, v_spent.day, v_day),
            (3, 'weekly', v_limit.weekly_limit, v_spent.week, v_week),
            (4, 'monthly', v_limit.monthly_limit, v_spent.month, v_month)
    ) AS w (place, limit_name, limit_cents, spent_cents, window_start)
    ORDER BY w.place;
END;
$function$;

COMMENT ON FUNCTION ticketing.get_spending_status(uuid, text) IS
    'What a person may still spend in a currency: one row each for per_transaction, daily, weekly '
    'and monthly, with the limit, what was spent since window_start and not reversed, and what '
    'remains. For display; check_and_record_spending decides. Raises TK001 for a missing person or '
    'a malformed currency, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.get_spending_status(uuid, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
