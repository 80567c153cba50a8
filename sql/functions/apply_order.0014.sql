CREATE OR REPLACE FUNCTION ticketing.apply_order(
    p_tenant_id uuid,
    p_id uuid,
    p_version bigint,
    p_order_number text,
    p_user_id uuid DEFAULT NULL,
    p_event_id uuid DEFAULT NULL,
    p_status text DEFAULT 'pending',
    p_subtotal_cents bigint DEFAULT 0,
    p_discount_cents bigint DEFAULT 0,
    p_fees_cents bigint DEFAULT 0,
    p_tax_cents bigint DEFAULT 0,
    p_total_cents bigint DEFAULT 0,
    p_paid_cents bigint DEFAULT 0,
    p_currency text DEFAULT 'USD',
    p_expires_at timestamptz DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM ticketing.require_replica_key(p_tenant_id, p_id, p_version);

    IF num_nulls(
        p_order_number, p_status, p_subtotal_cents, p_discount_cents, p_fees_cents, p_tax_cents,
        p_total_cents, p_paid_cents, p_currency
    ) > 0
        OR length(p_order_number) > 500
    THEN
        RAISE EXCEPTION 'a message of order % lacks a value, or has one that is too long', p_id
            USING
                ERRCODE = 'TK001',
                HINT = 'A message carries the whole row; numbers and ids have up to 500 '
                    'characters.';
    END IF;

    -- Of two first messages at once, the second would meet the row at another of its unique keys
    -- before its own, and get an error.
    IF NOT EXISTS (SELECT FROM ticketing.orders AS r WHERE r.tenant_id = p_tenant_id AND r.id = p_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('ticketing.apply_order'), hashtext(p_id::text));
    END IF;

    -- Which version wins is the table's own rule, so that a plain upsert keeps it as well.
    INSERT INTO ticketing.orders (
        tenant_id, id, order_number, user_id, event_id, status, subtotal_cents, discount_cents,
        fees_cents, tax_cents, total_cents, paid_cents, currency, expires_at, version
    ) VALUES (
        p_tenant_id, p_id, p_order_number, p_user_id, p_event_id, p_status, p_subtotal_cents,
        p_discount_cents, p_fees_cents, p_tax_cents, p_total_cents, p_paid_cents, p_currency,
        p_expires_at, p_version
    )
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET
        order_number = excluded.order_number,
        user_id = excluded.user_id,
        event_id = excluded.event_id,
        status = excluded.status,
        subtotal_cents = excluded.subtotal_cents,
        discount_cents = excluded.discount_cents,
        fees_cents = excluded.fees_cents,
        tax_cents = excluded.tax_cents,
        total_cents = excluded.total_cents,
        paid_cents = excluded.paid_cents,
        currency = excluded.currency,
        expires_at = excluded.expires_at,
        version = excluded.version;

    IF FOUND THEN
        RETURN 'applied';
    END IF;

    -- The conflict has locked the row, so this is the version that the message lost to.
    RETURN (
        SELECT CASE WHEN r.version = p_version THEN 'repeated' ELSE 'stale' END
        FROM ticketing.orders AS r
        WHERE r.tenant_id = p_tenant_id AND r.id = p_id
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_order(
    uuid, uuid, bigint, text, uuid, uuid, text, bigint, bigint, bigint, bigint, bigint, bigint,
    text, timestamptz
) IS
    'Applies a message of the order service that carries the whole state of an order: inserts '
    'the row, or replaces it when p_version is higher than the stored one, with or without a '
    'gap. Returns applied, repeated (the stored version) or stale (a lower one); the last two '
    'change nothing. 23503 and 23505 mean that another message must come first: deliver again '
    'later. refunded_cents is kept here and stays as it is.';

GRANT EXECUTE ON FUNCTION ticketing.apply_order(
    uuid, uuid, bigint, text, uuid, uuid, text, bigint, bigint, bigint, bigint, bigint, bigint,
    text, timestamptz
)
TO ticketing_worker;
