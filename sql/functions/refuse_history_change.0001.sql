CREATE OR REPLACE FUNCTION ticketing.refuse_history_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Retention runs as the owner of the tables and may only delete.
    IF TG_OP = 'DELETE' AND current_user = 'ticketing_owner' THEN
        RETURN NULL;
    END IF;

    RAISE EXCEPTION '% on %.% refused: the table is append-only',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING
            ERRCODE = 'TK003',
            HINT = 'Insert a correcting row. Old rows leave through the retention job only.';
END;
$function$;

COMMENT ON FUNCTION ticketing.refuse_history_change() IS
    'Statement trigger of append-only tables: refuses UPDATE, DELETE and TRUNCATE with TK003 for '
    'every role, superusers included; only ticketing_owner, under which retention runs, may '
    'delete.';
