CREATE OR REPLACE FUNCTION ticketing.give_reason(
    p_reason text
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_before text := coalesce(current_setting('app.status_change_reason', TRUE), '');
BEGIN
    PERFORM set_config('app.status_change_reason', coalesce(p_reason, ''), TRUE);
    RETURN v_before;
END;
$function$;

COMMENT ON FUNCTION ticketing.give_reason(text) IS
    'Sets app.status_change_reason for the rest of the transaction and returns what it was, so '
    'that a function that knows why a status changes can say so and set it back. An error in '
    'between sets it back by itself, as it ends the transaction or the savepoint.';

GRANT EXECUTE ON FUNCTION ticketing.give_reason(text) TO ticketing_app, ticketing_worker;
