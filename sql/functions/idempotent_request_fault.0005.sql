CREATE OR REPLACE FUNCTION ticketing.idempotent_request_fault(
    p_key text,
    p_operation text,
    p_request_hash text
)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN CASE
        WHEN p_key IS NULL OR length(p_key) NOT BETWEEN 1 AND 255
            THEN 'p_key is not 1 to 255 characters long'
        WHEN p_operation IS NULL OR length(p_operation) NOT BETWEEN 1 AND 255
            THEN 'p_operation is not 1 to 255 characters long'
        WHEN p_request_hash IS NULL
            OR length(p_request_hash) <> 64
            OR p_request_hash ~ '[^0-9a-f]'
            THEN 'p_request_hash is not a SHA-256 in lower-case hexadecimal'
    END;
END;
$function$;

COMMENT ON FUNCTION ticketing.idempotent_request_fault(text, text, text) IS
    'What is wrong with that by which an idempotent request is known, in words for an error, or '
    'NULL when it is in order: a key and an operation of 1 to 255 characters, and a SHA-256 in '
    'lower-case hexadecimal. Says the same as the CHECKs of idempotency_keys.';

GRANT EXECUTE ON FUNCTION ticketing.idempotent_request_fault(text, text, text)
TO ticketing_app, ticketing_worker;
