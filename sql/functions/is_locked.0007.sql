CREATE OR REPLACE FUNCTION ticketing.is_locked(
    p_identifier text,
    p_identifier_type text,
    p_ip_address inet DEFAULT NULL
)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN ticketing.locked_until(p_identifier, p_identifier_type, p_ip_address) IS NOT NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.is_locked(text, text, inet) IS
    'Whether an identifier, or the address if one is given, is locked now, in the tenant of the '
    'context or on the platform. Never NULL. An error, as TK001 for a malformed identifier, is no '
    'answer: refuse the attempt then too.';

GRANT EXECUTE ON FUNCTION ticketing.is_locked(text, text, inet)
TO ticketing_app, ticketing_worker;
