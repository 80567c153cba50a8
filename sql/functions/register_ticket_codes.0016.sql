CREATE OR REPLACE FUNCTION ticketing.register_ticket_codes()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_ended CONSTANT text[] := ARRAY['revoked', 'refunded', 'cancelled', 'expired'];
    v_now timestamptz := clock_timestamp();
BEGIN
    INSERT INTO ticketing.ticket_credentials (
        tenant_id, ticket_id, code_hash, credential_version, status, revoked_reason, created_at,
        revoked_at
    )
    SELECT
        n.tenant_id,
        n.id,
        encode(sha256(convert_to(n.qr_code, 'UTF8')), 'hex'),
        n.credential_version,
        CASE WHEN n.status = ANY (c_ended) THEN 'revoked' ELSE 'active' END,
        CASE WHEN n.status = ANY (c_ended) THEN n.status END,
        v_now,
        CASE WHEN n.status = ANY (c_ended) THEN v_now END
    FROM new_rows AS n
    WHERE n.qr_code <> ''
    ORDER BY n.tenant_id, n.id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.register_ticket_codes() IS
    'Statement trigger of tickets: registers the codes that new tickets bring in qr_code, as '
    'revoked where an import brings a ticket that has ended. A code that is, or ever was, another '
    'ticket''s is refused (23505, uq_ticket_credentials_code). SECURITY DEFINER because no role '
    'may write codes by hand; it takes the tenant of each row from the row, n.tenant_id.';
