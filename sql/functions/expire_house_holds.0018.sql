CREATE OR REPLACE FUNCTION ticketing.expire_house_holds(
    p_batch integer DEFAULT 1000
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN ticketing.expire_overdue(
        'ticket_holds', 'expires_at', '{active}', 'ticket_type_id', ticketing.require_batch(p_batch)
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_house_holds(integer) IS
    'Expires house holds whose deadline has passed, the oldest first, at most p_batch (1 to 10000, '
    'else TK001), puts what is left of them on sale and returns how many. One without a deadline '
    'stays until it is released; one that cannot expire is left with a warning (TK042). Of the '
    'tenant in the context; without one, of every tenant. For background jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.expire_house_holds(integer) TO ticketing_worker;
