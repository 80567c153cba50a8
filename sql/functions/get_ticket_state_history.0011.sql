CREATE OR REPLACE FUNCTION ticketing.get_ticket_state_history(
    p_ticket_id uuid,
    p_limit integer DEFAULT 100
)
RETURNS TABLE (
    history_id uuid,
    seq bigint,
    previous_status text,
    new_status text,
    changed_by uuid,
    changed_by_type text,
    reason text,
    source text,
    ticket_version bigint,
    metadata jsonb,
    changed_at timestamptz
)
LANGUAGE plpgsql
STABLE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
BEGIN
    IF p_limit IS NULL OR p_limit NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION 'a limit of % is not possible', coalesce(p_limit::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Ask for 1 to 1000 rows.';
    END IF;

    RETURN QUERY
    SELECT
        h.id,
        h.seq,
        h.previous_status,
        h.new_status,
        h.changed_by,
        h.changed_by_type,
        h.reason,
        h.source,
        h.ticket_version,
        h.metadata,
        h.changed_at
    FROM ticketing.ticket_state_history AS h
    WHERE h.tenant_id = v_tenant AND h.ticket_id = p_ticket_id
    ORDER BY h.changed_at DESC, h.seq DESC
    LIMIT p_limit;
END;
$function$;

COMMENT ON FUNCTION ticketing.get_ticket_state_history(uuid, integer) IS
    'The changes of a ticket''s status, newest first, at most p_limit of them (1 to 1000, else '
    'TK001); seq breaks ties of changed_at. Empty for a ticket that the tenant does not have.';

GRANT EXECUTE ON FUNCTION ticketing.get_ticket_state_history(uuid, integer)
TO ticketing_app, ticketing_worker, ticketing_readonly;
