CREATE OR REPLACE FUNCTION ticketing.apply_replica(
    p_table text,
    p_row jsonb
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF p_row IS NULL OR jsonb_typeof(p_row) <> 'object' THEN
        RAISE EXCEPTION 'a message is a JSON object'
            USING ERRCODE = 'TK001', HINT = 'Pass the row with its columns as keys.';
    END IF;

    -- Written out, so that no name in a message ever becomes SQL.
    CASE p_table
        WHEN 'tenants' THEN
            RETURN ticketing.apply_tenant(
                p_id => (p_row ->> 'id')::uuid,
                p_version => (p_row ->> 'version')::bigint,
                p_slug => p_row ->> 'slug',
                p_name => p_row ->> 'name',
                p_status => coalesce(p_row ->> 'status', 'active'),
                p_settings => coalesce(nullif(p_row -> 'settings', 'null'), '{}'::jsonb)
            );
        WHEN 'users' THEN
            RETURN ticketing.apply_user(
                p_tenant_id => (p_row ->> 'tenant_id')::uuid,
                p_id => (p_row ->> 'id')::uuid,
                p_version => (p_row ->> 'version')::bigint,
                p_email => p_row ->> 'email',
                p_role => coalesce(p_row ->> 'role', 'user'),
                p_status => coalesce(p_row ->> 'status', 'active')
            );
        WHEN 'venues' THEN
            RETURN ticketing.apply_venue(
                p_tenant_id => (p_row ->> 'tenant_id')::uuid,
                p_id => (p_row ->> 'id')::uuid,
                p_version => (p_row ->> 'version')::bigint,
                p_name => p_row ->> 'name',
                p_created_by => (p_row ->> 'created_by')::uuid,
                p_timezone => coalesce(p_row ->> 'timezone', 'UTC')
            );
        WHEN 'events' THEN
            RETURN ticketing.apply_event(
                p_tenant_id => (p_row ->> 'tenant_id')::uuid,
                p_id => (p_row ->> 'id')::uuid,
                p_version => (p_row ->> 'version')::bigint,
                p_name => p_row ->> 'name',
                p_starts_at => (p_row ->> 'starts_at')::timestamptz,
                p_ends_at => (p_row ->> 'ends_at')::timestamptz,
                p_venue_id => (p_row ->> 'venue_id')::uuid,
                p_timezone => coalesce(p_row ->> 'timezone', 'UTC'),
                p_status => coalesce(p_row ->> 'status', 'published'),
                p_check_in_opens_before => coalesce((p_row ->> 'check_in_opens_before')::interval, interval '4 hours'),
                p_check_in_closes_after => coalesce((p_row ->> 'check_in_closes_after')::interval, interval '2 hours'),
                p_transfer_deadline_hours => (p_row ->> 'transfer_deadline_hours')::integer
            );
        WHEN 'orders' THEN
            RETURN ticketing.apply_order(
                p_tenant_id => (p_row ->> 'tenant_id')::uuid,
                p_id => (p_row ->> 'id')::uuid,
                p_version => (p_row ->> 'version')::bigint,
                p_order_number => p_row ->> 'order_number',
                p_user_id => (p_row ->> 'user_id')::uuid,
                p_event_id => (p_row ->> 'event_id')::uuid,
                p_status => coalesce(p_row ->> 'status', 'pending'),
                p_subtotal_cents => coalesce((p_row ->> 'subtotal_cents')::bigint, 0),
                p_discount_cents => coalesce((p_row ->> 'discount_cents')::bigint, 0),
                p_fees_cents => coalesce((p_row ->> 'fees_cents')::bigint, 0),
                p_tax_cents => coalesce((p_row ->> 'tax_cents')::bigint, 0),
                p_total_cents => coalesce((p_row ->> 'total_cents')::bigint, 0),
                p_paid_cents => coalesce((p_row ->> 'paid_cents')::bigint, 0),
                p_currency => coalesce(p_row ->> 'currency', 'USD'),
                p_expires_at => (p_row ->> 'expires_at')::timestamptz
            );
        WHEN 'payments' THEN
            RETURN ticketing.apply_payment(
                p_tenant_id => (p_row ->> 'tenant_id')::uuid,
                p_id => (p_row ->> 'id')::uuid,
                p_version => (p_row ->> 'version')::bigint,
                p_order_id => (p_row ->> 'order_id')::uuid,
                p_amount_cents => (p_row ->> 'amount_cents')::bigint,
                p_provider => coalesce(p_row ->> 'provider', 'stripe'),
                p_provider_payment_id => p_row ->> 'provider_payment_id',
                p_currency => coalesce(p_row ->> 'currency', 'USD'),
                p_status => coalesce(p_row ->> 'status', 'created')
            );
        ELSE
            RAISE EXCEPTION '% is no copy of another service''s table', coalesce(p_table, 'NULL')
                USING
                    ERRCODE = 'TK001',
                    HINT = 'Name tenants, users, venues, events, orders or payments.';
    END CASE;
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_replica(text, jsonb) IS
    'Applies a row of another service that is at hand as JSON, column names as keys, by the '
    'apply_ function of its table, and returns that one''s answer. Keys that the copy does not '
    'have are left out; a key that is missing means the default of the column.';

GRANT EXECUTE ON FUNCTION ticketing.apply_replica(text, jsonb) TO ticketing_worker;
