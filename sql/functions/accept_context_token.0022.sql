CREATE OR REPLACE FUNCTION ticketing.accept_context_token(
    p_token text
)
RETURNS text[]
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
DECLARE
    c_uuid CONSTANT text := '________-____-____-____-____________';
    c_dashes CONSTANT text := '%-%-%-%-%-%';
    c_no_hex CONSTANT text := '[^0-9A-Fa-f-]';
    -- A day, and a minute for clocks that differ.
    c_longest CONSTANT integer := 86460;
    v_now timestamptz := clock_timestamp();
    v_part text[] := string_to_array(p_token, '.');
    v_signed text := left(p_token, -65);
    v_left numeric;
    v_key record;
    v_context text[];
    v_before text[];
    v_sealed text;
    v_seal text;
BEGIN
    -- What is said of a token repeats no part of it: errors reach logs, and a token opens a tenant
    -- while it lives. Plain tests, as in current_tenant_id(): one pattern takes ten times as long.
    IF p_token IS NULL
        OR length(p_token) > 300
        OR p_token ~ '[^0-9A-Za-z_.-]'
        OR cardinality(v_part) <> 7
        OR v_part[1] <> 'v1'
        OR length(v_part[2]) NOT BETWEEN 1 AND 63
        OR v_part[3] NOT LIKE c_uuid
        OR v_part[3] LIKE c_dashes
        OR v_part[3] ~ c_no_hex
        OR v_part[4] <> '' AND (
            v_part[4] NOT LIKE c_uuid OR v_part[4] LIKE c_dashes OR v_part[4] ~ c_no_hex
        )
        OR v_part[5] <> '' AND (
            v_part[4] = ''
            OR v_part[5] NOT IN ('user', 'staff', 'scanner', 'venue_owner', 'admin', 'superadmin')
        )
        OR length(v_part[6]) NOT BETWEEN 1 AND 12
        OR v_part[6] ~ '[^0-9]'
        OR length(v_part[7]) <> 64
        OR v_part[7] ~ '[^0-9a-f]'
    THEN
        RAISE EXCEPTION 'the token has not the form of one'
            USING
                ERRCODE = 'TK712',
                HINT = 'v1.key.tenant.user.role.expires.code: user and role may be empty, a role '
                    'needs its user, expires counts seconds since 1970, code is HMAC-SHA-256 in '
                    'lower-case hex.';
    END IF;

    SELECT k.inner_pad, k.outer_pad, k.seal_inner_pad, k.seal_outer_pad
    INTO v_key
    FROM ticketing.context_keys AS k
    WHERE
        k.key_id = v_part[2]
        AND k.retired_at IS NULL
        AND k.valid_from <= v_now
        AND (k.valid_until IS NULL OR k.valid_until > v_now);

    -- One answer for a key that is not there and a code that is not right. Hashes are compared in
    -- place of the codes themselves, so that the time it takes tells nothing either.
    IF NOT FOUND OR sha256(decode(v_part[7], 'hex')) <> sha256(
        sha256(
            v_key.outer_pad || sha256(v_key.inner_pad || convert_to(v_signed, 'UTF8'))
        )
    ) THEN
        RAISE EXCEPTION 'the token is not genuine'
            USING
                ERRCODE = 'TK713',
                HINT = 'Sign it with a key that is valid here; ticketing.context_keys has their '
                    'names.';
    END IF;

    v_left := v_part[6]::numeric - extract(EPOCH FROM v_now);

    IF v_left <= 0 THEN
        RAISE EXCEPTION 'the token has expired'
            USING
                ERRCODE = 'TK714',
                HINT = 'Sign one for each transaction; if they come too late, compare the clocks.';
    END IF;

    IF v_left > c_longest THEN
        RAISE EXCEPTION 'the token lives longer than a day'
            USING
                ERRCODE = 'TK715',
                HINT = 'A minute is enough for a request: whoever sees a token can use it while it '
                    'lives.';
    END IF;

    -- As uuid prints them, which is how they are compared.
    v_context := ARRAY[
        v_part[3]::uuid::text,
        coalesce(nullif(v_part[4], '')::uuid::text, ''),
        v_part[5]
    ];
    v_before := ticketing.signed_context();

    IF v_before <> v_context THEN
        RAISE EXCEPTION 'the transaction works for another tenant, user or role already'
            USING
                ERRCODE = 'TK703',
                HINT = 'Start a transaction for each, or call ticketing.clear_tenant_context() in '
                    'between.';
    END IF;

    v_sealed := concat_ws('.', v_part[2], array_to_string(v_context, '.'));
    -- By itself, as a plain expression: the plan of a query holds the values of its variables, and
    -- any session may have plans printed (debug_print_plan).
    v_seal := encode(
        sha256(
            v_key.seal_outer_pad || sha256(
                v_key.seal_inner_pad || convert_to(
                    concat_ws(
                        '.',
                        current_database(),
                        pg_backend_pid(),
                        extract(EPOCH FROM transaction_timestamp()),
                        v_sealed
                    ),
                    'UTF8'
                )
            )
        ),
        'hex'
    );
    PERFORM set_config('app.signed_context', concat_ws('.', v_sealed, v_seal), TRUE);

    RETURN v_context;
END;
$function$;

COMMENT ON FUNCTION ticketing.accept_context_token(text) IS
    'Checks a token and seals what it says into app.signed_context, for this transaction and this '
    'process; returns tenant, user and role. Refused: a wrong form (TK712), an unknown, retired or '
    'not yet valid key and a wrong code alike (TK713), a token that has expired (TK714) or lives '
    'longer than a day (TK715), another context than the transaction has (TK703). Expiry is '
    'judged by this server''s clock, without allowance. Part of set_signed_tenant_context(), which '
    'looks tenant and user up as well.';

GRANT EXECUTE ON FUNCTION ticketing.accept_context_token(text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
