CREATE OR REPLACE FUNCTION ticketing.act_as(
    p_actor_type text
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_before text := coalesce(current_setting('app.actor_type', TRUE), '');
BEGIN
    PERFORM set_config('app.actor_type', coalesce(p_actor_type, ''), TRUE);
    RETURN v_before;
END;
$function$;

COMMENT ON FUNCTION ticketing.act_as(text) IS
    'Sets app.actor_type for the rest of the transaction and returns what it was, so that a '
    'function that acts by a rule of the schema, whoever called it, can set it back. An error in '
    'between sets it back by itself, as it ends the transaction or the savepoint.';

GRANT EXECUTE ON FUNCTION ticketing.act_as(text) TO ticketing_app, ticketing_worker;
