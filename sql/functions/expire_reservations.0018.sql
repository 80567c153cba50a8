CREATE OR REPLACE FUNCTION ticketing.expire_reservations(
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
        'reservations',
        'expires_at',
        '{pending}',
        'ticket_type_id',
        ticketing.require_batch(p_batch)
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_reservations(integer) IS
    'Expires overdue pending reservations, the oldest first, at most p_batch (1 to 10000, else '
    'TK001), gives their tickets back and returns how many. Never one that somebody is confirming; '
    'one that cannot expire is left with a warning (TK042). Of the tenant in the context; without '
    'one, of every tenant. For background jobs alone. A late sweep never lets a late payment '
    'through, but until it comes the tickets are not on sale.';

GRANT EXECUTE ON FUNCTION ticketing.expire_reservations(integer) TO ticketing_worker;
