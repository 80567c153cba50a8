CREATE OR REPLACE FUNCTION ticketing.find_ticket_ids(
    p_query text,
    p_event_id uuid,
    p_status text,
    p_limit integer,
    p_after text
)
RETURNS uuid[]
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET jit = off
SET max_parallel_workers_per_gather = 0
AS $function$
DECLARE
    c_most_matches CONSTANT integer := 10000;
    v_tenant uuid := ticketing.current_tenant_id();
    v_lookup tsquery := ticketing.tenant_query(v_tenant, p_query);
    v_venues uuid[];
    v_matches bigint;
    v_found uuid[];
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        SELECT array_agg(v.id)
        INTO v_venues
        FROM ticketing.venues AS v
        WHERE v.tenant_id = v_tenant AND v.created_by = ticketing.current_user_id();

        IF v_venues IS NULL THEN
            RETURN '{}'::uuid[];
        END IF;
    END IF;

    -- OFFSET 0 keeps the other conditions out of the inner step: there, each could bring in an
    -- index that reads all tickets of the tenant. The words alone choose the plan. What is counted
    -- towards the limit is what the session may see, so that the refusal tells it nothing more.
    SELECT
        count(*),
        (array_agg(m.id ORDER BY m.ticket_number) FILTER (
            WHERE p_after IS NULL OR m.ticket_number > p_after
        ))[1:p_limit]
    INTO v_matches, v_found
    FROM (
        SELECT
            w.id,
            w.ticket_number
        FROM (
            SELECT
                t.tenant_id,
                t.id,
                t.event_id,
                t.venue_id,
                t.ticket_number,
                t.status,
                t.deleted_at
            FROM ticketing.tickets AS t
            WHERE ticketing.tenant_lexemes(t.tenant_id, t.search_vector) @@ v_lookup
            OFFSET 0
        ) AS w
        WHERE
            w.tenant_id = v_tenant
            AND w.deleted_at IS NULL
            AND (v_venues IS NULL OR w.venue_id = ANY (v_venues))
            AND (p_event_id IS NULL OR w.event_id = p_event_id)
            AND (p_status IS NULL OR w.status = p_status)
        LIMIT c_most_matches + 1
    ) AS m;

    IF v_matches > c_most_matches THEN
        RAISE EXCEPTION 'more than % tickets match', c_most_matches
            USING
                ERRCODE = 'TK005',
                HINT = 'Add a word, or name an event or a status.';
    END IF;

    RETURN coalesce(v_found, '{}'::uuid[]);
END;
$function$;

COMMENT ON FUNCTION ticketing.find_ticket_ids(text, uuid, text, integer, text) IS
    'Ids of the tickets that search_tickets looks up, by number: of the whole tenant for a session '
    'that acts for it, of the venues the user created for any other; a customer''s own tickets are '
    'not among them. SECURITY DEFINER because under row level security a search for words may not '
    'use its index. It reads nothing outside the tenant of the transaction (TK701 without one) and '
    'returns ids alone; search_tickets reads their rows under the policies of the caller. TK005 '
    'when more than 10000 match, before they are sorted. Call search_tickets.';

GRANT EXECUTE ON FUNCTION ticketing.find_ticket_ids(text, uuid, text, integer, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
