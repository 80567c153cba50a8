CREATE OR REPLACE FUNCTION ticketing.status_change_source()
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN nullif(btrim(current_setting('app.status_change_source', TRUE)), '');
END;
$function$;

COMMENT ON FUNCTION ticketing.status_change_source() IS
    'Where the running transaction''s changes come from, such as api, job, scanner, import or '
    'chain, from app.status_change_source; NULL when nothing was said. History rows keep it.';

GRANT EXECUTE ON FUNCTION ticketing.status_change_source()
TO ticketing_app, ticketing_worker, ticketing_readonly;
