CREATE OR REPLACE FUNCTION ticketing.search_tickets(
    p_query text,
    p_event_id uuid DEFAULT NULL,
    p_status text DEFAULT NULL,
    p_limit integer DEFAULT 50,
    p_after text DEFAULT NULL
)
RETURNS TABLE (
    id uuid,
    event_id uuid,
    ticket_type_id uuid,
    venue_id uuid,
    order_id uuid,
    user_id uuid,
    ticket_number text,
    external_id text,
    section text,
    "row" text,
    seat text,
    status text
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_longest_query CONSTANT integer := 200;
    c_most_tickets CONSTANT integer := 200;
    v_tenant uuid := ticketing.current_tenant_id();
    v_user uuid := ticketing.current_user_id();
    v_for_tenant boolean := ticketing.acts_for_tenant();
    v_lookup tsquery;
    v_found uuid[];
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF p_query IS NULL OR length(p_query) > c_longest_query THEN
        RAISE EXCEPTION 'a search needs a text of at most % characters', c_longest_query
            USING ERRCODE = 'TK001', HINT = 'Give a few words of the ticket.';
    END IF;

    IF to_tsvector('simple', p_query) = '' THEN
        RAISE EXCEPTION 'there is no word to search for'
            USING ERRCODE = 'TK001', HINT = 'Give at least one letter or digit.';
    END IF;

    IF p_limit IS NULL OR p_limit NOT BETWEEN 1 AND c_most_tickets THEN
        RAISE EXCEPTION 'a limit of % is not possible', coalesce(p_limit::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = format('Ask for 1 to %s tickets.', c_most_tickets);
    END IF;

    v_found := ticketing.find_ticket_ids(p_query, p_event_id, p_status, p_limit, p_after);

    -- The few tickets of one person are found by their holder; no index of words is needed.
    -- OFFSET 0 keeps the order out of the inner step, which could walk the tenant for it.
    IF NOT v_for_tenant THEN
        v_lookup := ticketing.tenant_query(v_tenant, p_query);
        v_found := v_found || ARRAY(
            SELECT o.id
            FROM (
                SELECT
                    t.tenant_id,
                    t.id,
                    t.event_id,
                    t.ticket_number,
                    t.status,
                    t.search_vector,
                    t.deleted_at
                FROM ticketing.tickets AS t
                WHERE t.tenant_id = v_tenant AND t.user_id = v_user
                OFFSET 0
            ) AS o
            WHERE
                o.deleted_at IS NULL
                AND (p_event_id IS NULL OR o.event_id = p_event_id)
                AND (p_status IS NULL OR o.status = p_status)
                AND (p_after IS NULL OR o.ticket_number > p_after)
                AND ticketing.tenant_lexemes(o.tenant_id, o.search_vector) @@ v_lookup
            ORDER BY o.ticket_number
            LIMIT p_limit
        );
    END IF;

    -- Read under the policies of the caller: whatever was found, they have the last word. One by
    -- one by the key, because a plan for all at once may walk the tenant in the order of numbers.
    RETURN QUERY
    SELECT
        m.id,
        m.event_id,
        m.ticket_type_id,
        m.venue_id,
        m.order_id,
        m.user_id,
        m.ticket_number,
        m.external_id,
        m.section,
        m."row",
        m.seat,
        m.status
    FROM (SELECT DISTINCT unnest(v_found) AS ticket_id) AS f
    CROSS JOIN LATERAL (
        SELECT
            t.id,
            t.event_id,
            t.ticket_type_id,
            t.venue_id,
            t.order_id,
            t.user_id,
            t.ticket_number,
            t.external_id,
            t.section,
            t."row",
            t.seat,
            t.status
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = v_tenant AND t.id = f.ticket_id
        LIMIT 1
    ) AS m
    ORDER BY m.ticket_number
    LIMIT p_limit;
END;
$function$;

COMMENT ON FUNCTION ticketing.search_tickets(text, uuid, text, integer, text) IS
    'Tickets that hold every word of p_query in their number, section, row, seat or external_id, '
    'by ticket number; the last word may be unfinished from three characters on. It finds what the '
    'session may see and is not hidden by deleted_at, at most p_limit (1 to 200); the next page '
    'starts after the last number of this one (p_after). The cost follows the matches, not the '
    'tickets of the tenant; more than 10000 are refused (TK005). TK001 for a text without a word, '
    'one of more than 200 characters or a wrong limit; TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.search_tickets(text, uuid, text, integer, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
