CREATE OR REPLACE FUNCTION ticketing.raise_row_version()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- From OLD, whatever the statement said: a caller can neither skip nor repeat a version.
    NEW.version := OLD.version + 1;
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.raise_row_version() IS
    'BEFORE UPDATE trigger: raises version by one and stamps updated_at. Two writers that both '
    'read version n can compare it in their WHERE clause; the second then changes no row.';
