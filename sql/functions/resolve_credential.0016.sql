CREATE OR REPLACE FUNCTION ticketing.resolve_credential(
    p_code_hash text
)
RETURNS TABLE (
    status text,
    ticket_id uuid,
    credential_version integer,
    revoked_reason text,
    revoked_at timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    -- Loud, because no rows would read "unknown".
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session cannot look codes up'
            USING
                ERRCODE = 'TK303',
                HINT = 'Scan in a session that acts for the tenant: without app.current_user_id, '
                    'or with the role scanner.';
    END IF;

    IF p_code_hash IS NULL OR p_code_hash !~ '^[0-9a-f]{64}$' THEN
        RAISE EXCEPTION 'p_code_hash is no SHA-256 in lower-case hex'
            USING ERRCODE = 'TK001', HINT = 'Hash the code that was shown, in UTF-8.';
    END IF;

    SELECT c.status, c.ticket_id, c.credential_version, c.revoked_reason, c.revoked_at
    INTO status, ticket_id, credential_version, revoked_reason, revoked_at
    FROM ticketing.ticket_credentials AS c
    WHERE c.tenant_id = v_tenant AND c.code_hash = p_code_hash;

    status := coalesce(status, 'unknown');
    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.resolve_credential(text) IS
    'Whose code this is, by its SHA-256: one row with status active, revoked (and why and when) or '
    'unknown, the ticket, and which of its codes it is. It only looks, and the code may die a '
    'moment later: scan_code is what decides. Raises TK001 for anything but a hash, TK303 in a '
    'customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.resolve_credential(text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
