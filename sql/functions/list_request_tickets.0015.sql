CREATE OR REPLACE FUNCTION ticketing.list_request_tickets(
    p_state text DEFAULT NULL,
    p_created_by uuid DEFAULT NULL,
    p_tags text[] DEFAULT NULL,
    p_text text DEFAULT NULL,
    p_limit integer DEFAULT 100,
    p_offset integer DEFAULT 0
)
RETURNS TABLE (
    tickets jsonb,
    total bigint,
    page_limit integer,
    page_offset integer
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan
AS $function$
DECLARE
    c_most_tickets CONSTANT integer := 1000;
    v_tenant uuid := ticketing.current_tenant_id();
    v_text text := lower(p_text);
    v_total bigint;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    -- A misspelt state would look like one without tickets.
    IF p_state NOT IN ('pending', 'completed', 'failed', 'cancelled') THEN
        RAISE EXCEPTION 'a request ticket is never %', p_state
            USING ERRCODE = 'TK001', HINT = 'States are pending, completed, failed and cancelled.';
    END IF;

    IF p_limit IS NULL OR p_limit NOT BETWEEN 1 AND c_most_tickets THEN
        RAISE EXCEPTION 'a limit of % is not possible', coalesce(p_limit::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = format('Ask for 1 to %s tickets.', c_most_tickets);
    END IF;

    IF p_offset IS NULL OR p_offset < 0 THEN
        RAISE EXCEPTION 'an offset of % is not possible', coalesce(p_offset::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Pass 0 or more.';
    END IF;

    -- A STABLE function reads with the snapshot of its caller: the total and the page agree.
    SELECT count(*)
    INTO v_total
    FROM ticketing.request_tickets AS t
    WHERE
        t.tenant_id = v_tenant
        AND (p_state IS NULL OR t.state = p_state)
        AND (p_created_by IS NULL OR t.created_by = p_created_by)
        AND (p_tags IS NULL OR t.tags @> p_tags)
        AND (v_text IS NULL OR strpos(lower(t.description), v_text) > 0);

    RETURN QUERY
    SELECT
        coalesce(
            jsonb_agg(
                to_jsonb(m) - 'tenant_id' ORDER BY m.priority DESC, m.created_at ASC, m.id ASC
            ),
            '[]'::jsonb
        ),
        v_total,
        p_limit,
        p_offset
    FROM (
        SELECT t.*
        FROM ticketing.request_tickets AS t
        WHERE
            t.tenant_id = v_tenant
            AND (p_state IS NULL OR t.state = p_state)
            AND (p_created_by IS NULL OR t.created_by = p_created_by)
            AND (p_tags IS NULL OR t.tags @> p_tags)
            AND (v_text IS NULL OR strpos(lower(t.description), v_text) > 0)
        ORDER BY t.priority DESC, t.created_at ASC, t.id ASC
        LIMIT p_limit
        OFFSET p_offset
    ) AS m;
END;
$function$;

COMMENT ON FUNCTION ticketing.list_request_tickets(text, uuid, text[], text, integer, integer) IS
    'One page of the tenant''s request tickets as one row: tickets, a JSON array of the rows, '
    'highest priority first and oldest first within it; total, how many there are on all pages; '
    'page_limit and page_offset as asked. Narrowed by state, by creator, to those with all of '
    'p_tags, and to those whose description holds p_text, in upper or lower case. It reads every '
    'request that matches state and creator. TK001 for an unknown state, a limit outside 1 to 1000 '
    'or an offset below zero; TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.list_request_tickets(text, uuid, text[], text, integer, integer)
TO ticketing_app, ticketing_worker, ticketing_readonly;
