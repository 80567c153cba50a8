CREATE OR REPLACE FUNCTION ticketing.signed_context()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = on
AS $function$
DECLARE
    v_setting text := current_setting('app.signed_context', TRUE);
    v_sealed text;
    v_context text[];
BEGIN
    -- A policy must not raise, and what is no ASCII might in the conversion to bytes.
    IF coalesce(v_setting, '') = '' OR v_setting ~ '[^0-9A-Za-z_.-]' THEN
        RETURN NULL;
    END IF;

    v_sealed := left(v_setting, -65);

    -- Hashes are compared in place of the codes themselves, so that the time it takes tells
    -- nothing about how much of a guess is right. The secrets of a retired key are NULL.
    SELECT (string_to_array(v_sealed, '.'))[2:4]
    INTO v_context
    FROM ticketing.context_keys AS k
    WHERE
        k.key_id = split_part(v_sealed, '.', 1)
        AND sha256(convert_to(right(v_setting, 65), 'UTF8')) = sha256(
            convert_to(
                '.' || encode(
                    sha256(
                        k.seal_outer_pad || sha256(
                            k.seal_inner_pad || convert_to(
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
                ),
                'UTF8'
            )
        );

    RETURN v_context;
END;
$function$;

COMMENT ON FUNCTION ticketing.signed_context() IS
    'Tenant, user and role that the application signed for the running transaction, empty where it '
    'named none; NULL without a signed context and for anything that this database did not seal '
    'for this very transaction and process. It never raises and tells no part of a key. With the '
    'hardening on it is all that policies and functions believe. Not parallel safe, because a '
    'parallel worker is another process.';

GRANT EXECUTE ON FUNCTION ticketing.signed_context()
TO ticketing_app, ticketing_worker, ticketing_readonly;
