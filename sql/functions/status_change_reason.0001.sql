CREATE OR REPLACE FUNCTION ticketing.status_change_reason()
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN nullif(btrim(current_setting('app.status_change_reason', TRUE)), '');
END;
$function$;

COMMENT ON FUNCTION ticketing.status_change_reason() IS
    'Why the running transaction changes what it changes, from app.status_change_reason; NULL '
    'when nothing was said. History triggers copy it.';

GRANT EXECUTE ON FUNCTION ticketing.status_change_reason()
TO ticketing_app, ticketing_worker, ticketing_readonly;
