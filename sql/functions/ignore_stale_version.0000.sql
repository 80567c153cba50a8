CREATE OR REPLACE FUNCTION ticketing.ignore_stale_version()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- Messages arrive twice and out of order: an old one must not undo a newer one, and is no
    -- error either.
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.ignore_stale_version() IS
    'BEFORE UPDATE trigger of the copies of other services'' tables, for a version that is not '
    'higher than the stored one: the row stays as it is and the statement reports no row.';
