CREATE OR REPLACE FUNCTION ticketing.check_and_record_spending(
    p_user_id uuid,
    p_amount_cents bigint,
    p_currency text,
    p_transaction_reference text,
    p_transaction_type text DEFAULT 'purchase'
)
RETURNS TABLE (
    allowed boolean,
    limit_hit text,
    limit_cents bigint,
    spent_cents bigint,
    remaining_cents bigint,
    transaction_id uuid,
    is_replay boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_spending record;
    v_tightest record;
    -- What the windows do not hold yet.
    v_added bigint := p_amount_cents;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);
    PERFORM ticketing.require_fresh_snapshot();

    IF p_user_id IS NULL
        OR coalesce(p_amount_cents, 0) <= 0
        OR coalesce(p_currency, '') !~ '^[A-Z]{3}$'
        OR length(coalesce(p_transaction_reference, '')) NOT BETWEEN 1 AND 255
        OR coalesce(p_transaction_type, '') NOT IN ('purchase', 'transfer', 'fee')
    THEN
        RAISE EXCEPTION 'an argument is missing or malformed'
            USING
                ERRCODE = 'TK001',
                HINT = 'Name a user, an amount above zero, a currency such as EUR, a reference of '
                    '1 to 255 characters, and one of purchase, transfer, fee.';
    END IF;

    -- The parent first, then the sum: whoever spends for the same person waits here. A person
    -- without a row gets one to wait for; of two who make it at once, one finds the other's.
    PERFORM 1
    FROM ticketing.spending_limits AS l
    WHERE l.tenant_id = v_tenant_id AND l.user_id = p_user_id AND l.currency = p_currency
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        INSERT INTO ticketing.spending_limits (
            tenant_id, user_id, currency, per_transaction_limit, daily_limit, weekly_limit,
            monthly_limit, window_mode, timezone
        )
        SELECT
            v_tenant_id, p_user_id, p_currency, d.per_transaction_limit, d.daily_limit,
            d.weekly_limit, d.monthly_limit, d.window_mode, d.timezone
        FROM ticketing.spending_limit_of(p_user_id, p_currency) AS d
        ON CONFLICT DO NOTHING;

        PERFORM 1
        FROM ticketing.spending_limits AS l
        WHERE l.tenant_id = v_tenant_id AND l.user_id = p_user_id AND l.currency = p_currency
        FOR NO KEY UPDATE;
    END IF;

    LOOP
        SELECT
            s.id,
            s.amount_cents,
            s.currency,
            EXISTS (
                SELECT 1
                FROM ticketing.spending_transactions AS r
                WHERE r.tenant_id = s.tenant_id AND r.reverses_id = s.id
            ) AS is_reversed
        INTO v_spending
        FROM ticketing.spending_transactions AS s
        WHERE
            s.tenant_id = v_tenant_id
            AND s.user_id = p_user_id
            AND s.transaction_type = p_transaction_type
            AND s.transaction_reference = p_transaction_reference;

        IF FOUND THEN
            IF (v_spending.amount_cents, v_spending.currency) <> (p_amount_cents, p_currency) THEN
                RAISE EXCEPTION 'reference "%" stands for a spending of % %',
                    p_transaction_reference, v_spending.amount_cents, v_spending.currency
                    USING
                        ERRCODE = 'TK721',
                        HINT = 'Repeat the first request exactly, or choose a new reference.';
            END IF;

            IF v_spending.is_reversed THEN
                RAISE EXCEPTION 'the spending with reference "%" was reversed',
                    p_transaction_reference
                    USING
                        ERRCODE = 'TK722',
                        HINT = 'Choose a new reference to spend again.';
            END IF;

            v_added := 0;
        END IF;

        -- The first limit that is in the way, else the window with the least room.
        SELECT
            w.limit_name,
            w.limit_cents,
            w.spent_cents,
            w.remaining_cents,
            w.remaining_cents < v_added AS is_hit
        INTO STRICT v_tightest
        FROM ticketing.get_spending_status(p_user_id, p_currency) WITH ORDINALITY AS w (
            limit_name, limit_cents, spent_cents, remaining_cents, window_start, place
        )
        WHERE w.limit_name <> 'per_transaction' OR w.remaining_cents < v_added
        ORDER BY
            w.remaining_cents < v_added DESC,
            CASE WHEN w.remaining_cents < v_added THEN w.place END,
            w.remaining_cents,
            w.place
        LIMIT 1;

        IF v_tightest.is_hit THEN
            RETURN QUERY
            SELECT
                FALSE,
                v_tightest.limit_name,
                v_tightest.limit_cents,
                v_tightest.spent_cents,
                v_tightest.remaining_cents,
                NULL::uuid,
                FALSE;
            RETURN;
        END IF;

        EXIT WHEN v_added = 0;

        INSERT INTO ticketing.spending_transactions AS s (
            tenant_id, user_id, amount_cents, currency, transaction_type, transaction_reference
        ) VALUES (
            v_tenant_id, p_user_id, p_amount_cents, p_currency, p_transaction_type,
            p_transaction_reference
        )
        ON CONFLICT DO NOTHING
        RETURNING s.id INTO v_spending;

        EXIT WHEN FOUND;
        -- Somebody used the reference past our lock, in another currency as a rule: look again.
    END LOOP;

    RETURN QUERY
    SELECT
        TRUE,
        NULL::text,
        v_tightest.limit_cents,
        v_tightest.spent_cents + v_added,
        v_tightest.remaining_cents - v_added,
        v_spending.id,
        v_added = 0;
END;
$function$;

COMMENT ON FUNCTION ticketing.check_and_record_spending(uuid, bigint, text, text, text) IS
    'Records a spending if it keeps within the person''s limits, by the server''s clock, and says '
    'so in allowed. Otherwise it records nothing and names the limit_hit (per_transaction, daily, '
    'weekly or monthly) with what it allows, what was spent and what remains; when allowed these '
    'describe the window with the least room left. Spendings of one person and currency queue on '
    'the row of the limits, which the first one makes. The same reference again changes nothing '
    'and answers is_replay; with another amount or currency it raises TK721, after a reversal '
    'TK722. TK001 for a malformed argument, TK729 at REPEATABLE READ.';

GRANT EXECUTE ON FUNCTION ticketing.check_and_record_spending(uuid, bigint, text, text, text)
TO ticketing_app, ticketing_worker;
