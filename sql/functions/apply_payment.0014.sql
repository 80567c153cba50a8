CREATE OR REPLACE FUNCTION ticketing.apply_payment(
    p_tenant_id uuid,
    p_id uuid,
    p_version bigint,
    p_order_id uuid,
    p_amount_cents bigint,
    p_provider text DEFAULT 'stripe',
    p_provider_payment_id text DEFAULT NULL,
    p_currency text DEFAULT 'USD',
    p_status text DEFAULT 'created'
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM ticketing.require_replica_key(p_tenant_id, p_id, p_version);

    IF num_nulls(p_order_id, p_amount_cents, p_provider, p_currency, p_status) > 0
        OR length(p_provider) > 500
        OR length(p_provider_payment_id) > 500
    THEN
        RAISE EXCEPTION 'a message of payment % lacks a value, or has one that is too long', p_id
            USING
                ERRCODE = 'TK001',
                HINT = 'A message carries the whole row; numbers and ids have up to 500 '
                    'characters.';
    END IF;

    -- The sweeper that expires unpaid orders sees the payment, or waits for it.
    PERFORM 1
    FROM ticketing.orders AS o
    WHERE o.tenant_id = p_tenant_id AND o.id = p_order_id
    FOR NO KEY UPDATE;

    -- Of two first messages at once, the second would meet the row at another of its unique keys
    -- before its own, and get an error.
    IF NOT EXISTS (SELECT FROM ticketing.payments AS r WHERE r.tenant_id = p_tenant_id AND r.id = p_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('ticketing.apply_payment'), hashtext(p_id::text));
    END IF;

    -- Which version wins is the table's own rule, so that a plain upsert keeps it as well.
    INSERT INTO ticketing.payments (
        tenant_id, id, order_id, amount_cents, provider, provider_payment_id, currency, status,
        version
    ) VALUES (
        p_tenant_id, p_id, p_order_id, p_amount_cents, p_provider, p_provider_payment_id,
        p_currency, p_status, p_version
    )
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET
        order_id = excluded.order_id,
        amount_cents = excluded.amount_cents,
        provider = excluded.provider,
        provider_payment_id = excluded.provider_payment_id,
        currency = excluded.currency,
        status = excluded.status,
        version = excluded.version;

    IF FOUND THEN
        RETURN 'applied';
    END IF;

    -- The conflict has locked the row, so this is the version that the message lost to.
    RETURN (
        SELECT CASE WHEN r.version = p_version THEN 'repeated' ELSE 'stale' END
        FROM ticketing.payments AS r
        WHERE r.tenant_id = p_tenant_id AND r.id = p_id
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_payment(
    uuid, uuid, bigint, uuid, bigint, text, text, text, text
) IS
    'Applies a message of the payments service that carries the whole state of a payment: '
    'inserts the row, or replaces it when p_version is higher than the stored one, with or '
    'without a gap. Returns applied, repeated (the stored version) or stale (a lower one); the '
    'last two change nothing. 23503 and 23505 mean that another message must come first: deliver '
    'again later. A status that comes so is not judged by state_transitions, because messages in '
    'between may be missing; refunded_cents is kept here and stays as it is.';

GRANT EXECUTE ON FUNCTION ticketing.apply_payment(
    uuid, uuid, bigint, uuid, bigint, text, text, text, text
)
TO ticketing_worker;
