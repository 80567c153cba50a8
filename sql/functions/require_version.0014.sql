CREATE OR REPLACE FUNCTION ticketing.require_version(
    p_version bigint,
    p_expected bigint
)
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF p_expected IS NULL THEN
        RAISE EXCEPTION 'the version that was read is missing'
            USING ERRCODE = 'TK001', HINT = 'Pass the version that came with the row.';
    END IF;

    IF p_version IS DISTINCT FROM p_expected THEN
        RAISE EXCEPTION 'the row is at version %, not at % any more', p_version, p_expected
            USING
                ERRCODE = 'TK161',
                HINT = 'Somebody was faster: read the row again and decide anew.';
    END IF;

    RETURN TRUE;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_version(bigint, bigint) IS
    'True when both are equal, else an error (TK161). For the WHERE clause of an UPDATE beside the '
    'row''s id: AND ticketing.require_version(version, 7). It sees the row as it is when the '
    'UPDATE gets hold of it, so of two writers that read version 7 the second gets the error and '
    'writes nothing; a row that does not exist is no row, as ever.';

GRANT EXECUTE ON FUNCTION ticketing.require_version(bigint, bigint)
TO ticketing_app, ticketing_worker;
