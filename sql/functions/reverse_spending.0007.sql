CREATE OR REPLACE FUNCTION ticketing.reverse_spending(
    p_transaction_id uuid
)
RETURNS TABLE (
    reversal_id uuid,
    amount_cents bigint,
    currency text,
    is_replay boolean
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_is_new boolean;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    -- Guarded by trigger; the unique index settles who comes first.
    INSERT INTO ticketing.spending_transactions AS n (
        tenant_id, user_id, amount_cents, currency, transaction_type, transaction_reference,
        reverses_id
    )
    SELECT
        s.tenant_id, s.user_id, s.amount_cents, s.currency, 'reversal', s.id::text, s.id
    FROM ticketing.spending_transactions AS s
    WHERE s.tenant_id = v_tenant_id AND s.id = p_transaction_id
    ON CONFLICT DO NOTHING;

    v_is_new := FOUND;

    RETURN QUERY
    SELECT r.id, r.amount_cents, r.currency, NOT v_is_new
    FROM ticketing.spending_transactions AS r
    WHERE r.tenant_id = v_tenant_id AND r.reverses_id = p_transaction_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'spending transaction % does not exist',
            coalesce(p_transaction_id::text, 'NULL')
            USING
                ERRCODE = 'TK723',
                HINT = 'Find it by its transaction_reference; app.current_tenant_id must name its '
                    'tenant.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.reverse_spending(uuid) IS
    'Takes a spending back, whole and once, so that its amount no longer counts in the window in '
    'which it was spent. Again for the same spending it changes nothing and answers is_replay. '
    'Raises TK723 for a spending that the tenant does not have, TK724 for one that is a reversal.';

GRANT EXECUTE ON FUNCTION ticketing.reverse_spending(uuid) TO ticketing_app, ticketing_worker;
