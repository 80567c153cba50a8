CREATE OR REPLACE FUNCTION ticketing.add_context_key(
    p_key_id text,
    p_secret bytea,
    p_valid_from timestamptz DEFAULT NULL,
    p_valid_until timestamptz DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
DECLARE
    c_inner CONSTANT integer := 54;
    c_outer CONSTANT integer := 92;
    c_least_bytes CONSTANT integer := 32;
    v_valid_from timestamptz := coalesce(p_valid_from, clock_timestamp());
    v_seal bytea;
BEGIN
    IF p_key_id IS NULL OR p_key_id !~ '^[A-Za-z0-9_-]{1,63}$' THEN
        RAISE EXCEPTION 'p_key_id is no name of a key'
            USING
                ERRCODE = 'TK001',
                HINT = 'Use 1 to 63 letters, digits, hyphens and underscores.';
    END IF;

    IF p_secret IS NULL OR octet_length(p_secret) < c_least_bytes THEN
        RAISE EXCEPTION 'p_secret is shorter than % bytes', c_least_bytes
            USING
                ERRCODE = 'TK001',
                HINT = 'Make it with: openssl rand -hex 32.';
    END IF;

    IF p_valid_until <= v_valid_from THEN
        RAISE EXCEPTION 'p_valid_until is not after the beginning'
            USING
                ERRCODE = 'TK001',
                HINT = 'Leave it out for a key that is valid until it is retired.';
    END IF;

    -- gen_random_uuid() is the one strong source of randomness that needs no extension; each has
    -- 122 random bits.
    v_seal := sha256(
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
    );

    INSERT INTO ticketing.context_keys (
        key_id, inner_pad, outer_pad, seal_inner_pad, seal_outer_pad, valid_from, valid_until
    )
    VALUES (
        p_key_id,
        ticketing.hmac_pad(p_secret, c_inner),
        ticketing.hmac_pad(p_secret, c_outer),
        ticketing.hmac_pad(v_seal, c_inner),
        ticketing.hmac_pad(v_seal, c_outer),
        v_valid_from,
        p_valid_until
    )
    ON CONFLICT (key_id) DO NOTHING;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is or was a key %', p_key_id
            USING
                ERRCODE = 'TK716',
                HINT = 'Choose another name; a retired one is not used again.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.add_context_key(text, bytea, timestamptz, timestamptz) IS
    'Adds a key with which the application signs contexts: p_secret is at least 32 random bytes, '
    'which the services have and no login of a service can read. Several keys may be valid at '
    'once, which is how one follows another. For those who migrate, granted to nobody. A name that '
    'was used before is refused (TK716), anything malformed too (TK001). A server that logs '
    'statements logs their bound parameters as well, unless log_parameter_max_length is 0.';
