CREATE OR REPLACE FUNCTION ticketing.hmac_pad(
    p_secret bytea,
    p_byte integer
)
RETURNS bytea
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_block CONSTANT integer := 64;
    -- A key that is longer than the block counts as its hash (RFC 2104).
    v_key bytea := CASE
        WHEN octet_length(p_secret) > c_block THEN sha256(p_secret)
        ELSE p_secret
    END;
    v_pad bytea := decode(repeat('00', c_block), 'hex');
BEGIN
    FOR v_at IN 0 .. c_block - 1 LOOP
        v_pad := set_byte(
            v_pad,
            v_at,
            (CASE WHEN v_at < octet_length(v_key) THEN get_byte(v_key, v_at) ELSE 0 END) # p_byte
        );
    END LOOP;

    RETURN v_pad;
END;
$function$;

COMMENT ON FUNCTION ticketing.hmac_pad(bytea, integer) IS
    'A secret as HMAC-SHA-256 pads it: filled to 64 bytes, each combined with p_byte, 54 (0x36) '
    'for the inner and 92 (0x5c) for the outer hash. The HMAC of a message is '
    'sha256(outer || sha256(inner || message)). Internal, part of add_context_key().';
