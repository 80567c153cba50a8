CREATE OR REPLACE FUNCTION ticketing.claim_request_tickets(
    p_claimed_by text,
    p_limit integer DEFAULT 1,
    p_lease interval DEFAULT '5 minutes',
    p_tags text[] DEFAULT NULL
)
RETURNS SETOF ticketing.request_tickets
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_most_tickets CONSTANT integer := 100;
    c_longest_lease CONSTANT interval := interval '1 day';
    v_tenant uuid := ticketing.current_tenant_id();
    v_now timestamptz := clock_timestamp();
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not work on the queue'
            USING ERRCODE = 'TK145', HINT = 'Claim in a session that acts for the tenant.';
    END IF;

    IF coalesce(length(p_claimed_by), 0) NOT BETWEEN 1 AND 255 THEN
        RAISE EXCEPTION 'a claim needs a worker''s name of at most 255 characters'
            USING ERRCODE = 'TK001', HINT = 'Pass in p_claimed_by what finds the worker, its host.';
    END IF;

    IF p_limit IS NULL OR p_limit NOT BETWEEN 1 AND c_most_tickets THEN
        RAISE EXCEPTION 'a limit of % is not possible', coalesce(p_limit::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = format('Claim 1 to %s tickets.', c_most_tickets);
    END IF;

    IF p_lease IS NULL OR p_lease NOT BETWEEN interval '1 second' AND c_longest_lease THEN
        RAISE EXCEPTION 'a lease of % is not possible', coalesce(p_lease::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Claim for one second to one day, and extend the claim.';
    END IF;

    RETURN QUERY
    WITH due AS MATERIALIZED (
        SELECT
            t.tenant_id,
            t.id
        FROM ticketing.request_tickets AS t
        WHERE
            t.tenant_id = v_tenant
            AND t.state = 'pending'
            AND (t.claimed_until IS NULL OR t.claimed_until <= v_now)
            AND (p_tags IS NULL OR t.tags @> p_tags)
        ORDER BY t.priority DESC, t.created_at ASC, t.id ASC
        LIMIT p_limit
        -- Who meets another caller takes the next ones instead of waiting. A row that changed
        -- since the snapshot is tested again before it is locked.
        FOR NO KEY UPDATE SKIP LOCKED
    ),
    claimed AS (
        UPDATE ticketing.request_tickets AS t
        SET
            claimed_by = p_claimed_by,
            claimed_until = clock_timestamp() + p_lease
        FROM due AS d
        WHERE t.tenant_id = d.tenant_id AND t.id = d.id
        RETURNING t.*
    )
    SELECT c.*
    FROM claimed AS c
    ORDER BY c.priority DESC, c.created_at ASC, c.id ASC;
END;
$function$;

COMMENT ON FUNCTION ticketing.claim_request_tickets(text, integer, interval, text[]) IS
    'Gives a worker the next request tickets of the tenant to work on, at most p_limit (1 to 100), '
    'highest priority first and oldest first within it, only those with all of p_tags if given; '
    'none is no error. Nobody else is given them until p_lease (1 second to 1 day) has passed, '
    'after which a dead worker''s are anybody''s again. Callers that meet get different ones and '
    'do not wait. Commit, do the work, then complete, fail, extend or release by the claim_number '
    'of the row. TK001 for a wrong argument, TK145 in a customer''s session, TK701 without a '
    'tenant.';

GRANT EXECUTE ON FUNCTION ticketing.claim_request_tickets(text, integer, interval, text[])
TO ticketing_app, ticketing_worker;
