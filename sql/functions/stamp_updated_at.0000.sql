CREATE OR REPLACE FUNCTION ticketing.stamp_updated_at()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.stamp_updated_at() IS
    'BEFORE UPDATE trigger: stamps updated_at on tables whose version is kept elsewhere or not at '
    'all.';
