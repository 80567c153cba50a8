CREATE OR REPLACE FUNCTION ticketing.runs_as_owner()
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- IMMUTABLE, though it reads the role, so that a policy that calls it is decided when the
    -- query is planned: a plain current_user would stay in the plan as a barrier, in front of
    -- which @@ cannot use an index. It is never wrong there: PostgreSQL plans a query on a table
    -- with policies anew for every role. Of no use anywhere else.
    RETURN current_user = 'ticketing_owner';
END;
$function$;

COMMENT ON FUNCTION ticketing.runs_as_owner() IS
    'Whether the query is planned as ticketing_owner itself, not for a login that is merely a '
    'member of it. For policies of the owner alone; a plan keeps the answer.';
