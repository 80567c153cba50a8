CREATE OR REPLACE FUNCTION ticketing.backfill_ticket_credentials(
    p_batch integer DEFAULT 1000,
    p_after uuid DEFAULT NULL
)
RETURNS TABLE (
    registered integer,
    last_ticket_id uuid
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_ended CONSTANT text[] := ARRAY['revoked', 'refunded', 'cancelled', 'expired'];
    c_before_all CONSTANT uuid := '00000000-0000-0000-0000-000000000000'::uuid;
    v_tenant uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
    v_tickets uuid[];
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF p_batch IS NULL OR p_batch NOT BETWEEN 1 AND 10000 THEN
        RAISE EXCEPTION 'a batch of % cannot be taken', coalesce(p_batch::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Take 1 to 10000 tickets at a time.';
    END IF;

    -- Locked, so that no code changes between the look and the registration.
    SELECT array_agg(b.id)
    INTO v_tickets
    FROM (
        SELECT t.id
        FROM ticketing.tickets AS t
        WHERE
            t.tenant_id = v_tenant
            AND t.id > coalesce(p_after, c_before_all)
            AND t.qr_code <> ''
        ORDER BY t.id
        LIMIT p_batch
        FOR NO KEY UPDATE
    ) AS b;

    INSERT INTO ticketing.ticket_credentials (
        tenant_id, ticket_id, code_hash, credential_version, status, revoked_reason, created_at,
        revoked_at
    )
    SELECT
        t.tenant_id,
        t.id,
        encode(sha256(convert_to(t.qr_code, 'UTF8')), 'hex'),
        t.credential_version,
        CASE WHEN t.status = ANY (c_ended) THEN 'revoked' ELSE 'active' END,
        CASE WHEN t.status = ANY (c_ended) THEN t.status END,
        v_now,
        CASE WHEN t.status = ANY (c_ended) THEN v_now END
    FROM ticketing.tickets AS t
    WHERE t.tenant_id = v_tenant AND t.id = ANY (v_tickets) AND t.qr_code <> ''
    ORDER BY t.id
    ON CONFLICT DO NOTHING;

    GET DIAGNOSTICS registered = ROW_COUNT;
    last_ticket_id := v_tickets[cardinality(v_tickets)];
    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.backfill_ticket_credentials(integer, uuid) IS
    'Registers the codes that tickets of the tenant had before ticket_credentials was there. Looks '
    'at p_batch tickets with a qr_code, in the order of their ids after p_after; says how '
    'many it registered and where it stopped. Call it, each time in a transaction of its own, '
    'with the last_ticket_id of the call before, until that is NULL. It may be repeated, and run '
    'while everything else does. TK001 for a batch outside 1 to 10000, TK701 without a tenant. '
    'SECURITY DEFINER because no role may write codes by hand.';

GRANT EXECUTE ON FUNCTION ticketing.backfill_ticket_credentials(integer, uuid)
TO ticketing_worker;
