CREATE OR REPLACE FUNCTION ticketing.lock_version(
    p_table text,
    p_id uuid,
    p_version bigint
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.require_tenant_context();
    v_version bigint;
BEGIN
    -- The closed list is what the schema itself says: tables whose version is counted here.
    IF
        NOT EXISTS (
            SELECT FROM pg_catalog.pg_trigger AS t
            INNER JOIN pg_catalog.pg_class AS c ON t.tgrelid = c.oid
            WHERE
                c.relname = p_table
                AND c.relnamespace = 'ticketing'::regnamespace
                AND t.tgfoid = 'ticketing.raise_row_version()'::regprocedure
        )
    THEN
        RAISE EXCEPTION 'table % counts no version', coalesce(p_table, 'NULL')
            USING
                ERRCODE = 'TK001',
                HINT = 'Name a table of this schema that counts its version, without the schema.';
    END IF;

    EXECUTE format(
        'SELECT t.version FROM ticketing.%I AS t WHERE t.tenant_id = $1 AND t.id = $2 '
        'FOR NO KEY UPDATE',
        p_table
    )
    INTO v_version
    USING v_tenant_id, p_id;

    IF v_version IS NULL THEN
        RAISE EXCEPTION 'there is no row % in %', coalesce(p_id::text, 'NULL'), p_table
            USING
                ERRCODE = 'TK162',
                HINT = 'Check the id, the tenant, and whether the session may change the row.';
    END IF;

    PERFORM ticketing.require_version(v_version, p_version);
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_version(text, uuid, bigint) IS
    'Locks one row of the tenant until the transaction ends and refuses when it is at another '
    'version than the caller read (TK161), or when there is none that the caller may change '
    '(TK162). For what takes more than one UPDATE, such as a call of another function; for a '
    'single UPDATE require_version does it in the same statement.';

GRANT EXECUTE ON FUNCTION ticketing.lock_version(text, uuid, bigint)
TO ticketing_app, ticketing_worker;
