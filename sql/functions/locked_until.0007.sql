CREATE OR REPLACE FUNCTION ticketing.locked_until(
    p_identifier text,
    p_identifier_type text,
    p_ip_address inet DEFAULT NULL
)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_identifier text := ticketing.lockout_identifier(p_identifier, p_identifier_type);
    v_address text := CASE
        WHEN p_ip_address IS NOT NULL
            THEN ticketing.lockout_identifier(host(p_ip_address), 'ip')
    END;
BEGIN
    -- Twice the same without a tenant, which costs two looks and does no harm.
    RETURN (
        SELECT max(s.locked_until)
        FROM (VALUES (v_identifier, p_identifier_type), (v_address, 'ip')) AS i (identifier, type)
        CROSS JOIN (VALUES (v_tenant_id), (NULL)) AS t (tenant_id)
        CROSS JOIN LATERAL ticketing.lockout_state(
            t.tenant_id, i.identifier, i.type, interval '0 seconds'
        ) AS s
        WHERE i.identifier IS NOT NULL
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.locked_until(text, text, inet) IS
    'When the lock of an identifier ends, or that of the address if it ends later; NULL when '
    'neither is locked. Sees the locks of the tenant in the context and those of the platform, '
    'never another tenant''s. SECURITY DEFINER because no other role may read the events. Raises '
    'TK001 for an identifier that is missing or malformed, so that a mistake never reads as "not '
    'locked".';

GRANT EXECUTE ON FUNCTION ticketing.locked_until(text, text, inet)
TO ticketing_app, ticketing_worker;
