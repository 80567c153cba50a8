CREATE OR REPLACE FUNCTION ticketing.expire_transfers(
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
        'ticket_transfers', 'expires_at', '{pending}', 'id', ticketing.require_batch(p_batch)
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_transfers(integer) IS
    'Expires offers of tickets that nobody accepted in time, the oldest first, at most p_batch (1 '
    'to 10000, else TK001), and returns how many. Their tickets may then be checked in or offered '
    'again. An accepted one waits for the chain and does not expire; one that cannot expire is '
    'left with a warning (TK042). Of the tenant in the context; without one, of every tenant. For '
    'background jobs alone.';

GRANT EXECUTE ON FUNCTION ticketing.expire_transfers(integer) TO ticketing_worker;
