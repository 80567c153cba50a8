CREATE OR REPLACE FUNCTION ticketing.log_request_ticket_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_user uuid := ticketing.current_user_id();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ticketing.audit_events (tenant_id, event_type, ticket_id, user_id, data)
        SELECT
            n.tenant_id,
            'ticket_created',
            n.id,
            coalesce(v_user, n.created_by),
            jsonb_build_object(
                'ticket_id', n.id,
                'created_by', n.created_by,
                'priority', n.priority,
                'query_context', jsonb_build_object('tags', n.tags, 'description', n.description),
                'dest_path', n.dest_path
            )
        FROM new_rows AS n
        ORDER BY n.tenant_id, n.created_at, n.id;

        RETURN NULL;
    END IF;

    -- One statement may do several things to a request; each is an event of its own, the one that
    -- ends it last.
    INSERT INTO ticketing.audit_events (tenant_id, event_type, ticket_id, user_id, data)
    SELECT
        n.tenant_id,
        e.event_type,
        n.id,
        CASE e.event_type WHEN 'ticket_cancelled' THEN coalesce(v_user, n.cancelled_by) ELSE v_user END,
        jsonb_build_object('ticket_id', n.id) || e.data
    FROM new_rows AS n
    INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
    CROSS JOIN LATERAL (
        SELECT
            1 AS place,
            'ticket_updated' AS event_type,
            jsonb_build_object('changes', jsonb_object_agg(
                c.name, jsonb_build_object('from', c.before, 'to', c.after)
            )) AS data
        FROM (
            VALUES
                ('priority', to_jsonb(o.priority), to_jsonb(n.priority)),
                ('tags', to_jsonb(o.tags), to_jsonb(n.tags)),
                ('description', to_jsonb(o.description), to_jsonb(n.description)),
                ('dest_path', to_jsonb(o.dest_path), to_jsonb(n.dest_path))
        ) AS c (name, before, after)
        WHERE c.before <> c.after
        HAVING count(*) > 0
        UNION ALL
        SELECT
            2,
            'ticket_claimed',
            jsonb_build_object(
                'claimed_by', n.claimed_by,
                'claim_number', n.claim_number,
                'claimed_until', n.claimed_until
            )
        WHERE n.claim_number > o.claim_number
        UNION ALL
        SELECT
            3,
            'ticket_released',
            jsonb_build_object('claimed_by', o.claimed_by, 'claim_number', o.claim_number)
        WHERE n.state = o.state AND n.claimed_by IS NULL AND o.claimed_by IS NOT NULL
        UNION ALL
        SELECT
            4,
            CASE n.state WHEN 'cancelled' THEN 'ticket_cancelled' ELSE 'ticket_state_changed' END,
            CASE n.state
                WHEN 'cancelled' THEN jsonb_build_object(
                    'cancelled_by', n.cancelled_by,
                    'reason', n.cancel_reason,
                    'previous_state', o.state
                )
                ELSE jsonb_strip_nulls(jsonb_build_object(
                    'previous_state', o.state,
                    'new_state', n.state,
                    'error', n.error,
                    'claimed_by', o.claimed_by,
                    'claim_number', nullif(o.claim_number, 0)
                ))
            END
        WHERE n.state <> o.state
    ) AS e
    ORDER BY n.tenant_id, n.id, e.place;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_request_ticket_change() IS
    'Statement trigger of request_tickets: a row of audit_events for each request that is made, '
    'changed, claimed, given back, cancelled, completed or failed, whoever did it and how; an '
    'extended claim is no event. SECURITY DEFINER because no role may write events by hand; it '
    'takes the tenant of each row from the row, new_rows.tenant_id.';
