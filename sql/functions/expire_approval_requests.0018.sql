CREATE OR REPLACE FUNCTION ticketing.expire_approval_requests(
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
        'multisig_approval_requests',
        'expires_at',
        '{pending,approved}',
        'id',
        ticketing.require_batch(p_batch)
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_approval_requests(integer) IS
    'Expires requests for approval that were not executed in time, approved or not, the oldest '
    'first, at most p_batch (1 to 10000, else TK001), and returns how many. Of the tenant in the '
    'context; without one, of every tenant. For background jobs alone. Correctness does not need '
    'it: nobody votes on or executes an overdue request.';

GRANT EXECUTE ON FUNCTION ticketing.expire_approval_requests(integer) TO ticketing_worker;
