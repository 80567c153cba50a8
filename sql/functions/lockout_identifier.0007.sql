CREATE OR REPLACE FUNCTION ticketing.lockout_identifier(
    p_identifier text,
    p_identifier_type text
)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_identifier text := lower(btrim(p_identifier));
    v_address inet;
BEGIN
    IF coalesce(p_identifier_type, '') NOT IN (
        'user_id', 'email_hash', 'ip', 'device', 'ticket_code'
    ) THEN
        RAISE EXCEPTION 'identifier type is missing or unknown'
            USING
                ERRCODE = 'TK001',
                HINT = 'Give one of user_id, email_hash, ip, device, ticket_code.';
    END IF;

    IF length(coalesce(v_identifier, '')) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION 'identifier is missing or too long'
            USING
                ERRCODE = 'TK001',
                HINT = 'Give 1 to 255 characters; hash what is longer, and what is secret.';
    END IF;

    IF p_identifier_type <> 'ip' THEN
        RETURN v_identifier;
    END IF;

    BEGIN
        v_address := v_identifier::inet;
    EXCEPTION
        WHEN invalid_text_representation THEN
            RAISE EXCEPTION 'identifier is no network address'
                USING ERRCODE = 'TK001', HINT = 'Give an IPv4 or IPv6 address, without a port.';
    END;

    IF family(v_address) = 4 THEN
        RETURN host(v_address);
    END IF;

    -- An IPv4 client of a socket that speaks IPv6.
    IF set_masklen(v_address, 128) <<= inet '::ffff:0:0/96' THEN
        RETURN replace(host(v_address), '::ffff:', '');
    END IF;

    -- Any one customer has a network of 64 bits and could show another address at each attempt.
    RETURN network(set_masklen(v_address, 64))::text;
END;
$function$;

COMMENT ON FUNCTION ticketing.lockout_identifier(text, text) IS
    'How an identifier is kept in account_lockout_events: trimmed, in lower case; of an IPv6 '
    'address the network of 64 bits, of a mapped IPv4 address the IPv4 one. Raises TK001 for an '
    'unknown type, an identifier of no or more than 255 characters, and a malformed address. '
    'Called by the lockout functions alone.';
