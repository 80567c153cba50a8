CREATE OR REPLACE FUNCTION ticketing.log_ticket_status_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_user uuid := ticketing.current_user_id();
    v_actor text := ticketing.current_actor_type();
    v_reason text := ticketing.status_change_reason();
    v_source text := ticketing.status_change_source();
BEGIN
    -- The event has the id of the history row, so a consumer can find the one from the other.
    IF TG_OP = 'INSERT' THEN
        WITH logged AS (
            INSERT INTO ticketing.ticket_state_history (
                tenant_id, ticket_id, previous_status, new_status, changed_by, changed_by_type,
                reason, source, ticket_version, metadata
            )
            SELECT
                n.tenant_id,
                n.id,
                NULL,
                n.status,
                v_user,
                v_actor,
                coalesce(n.status_reason, v_reason),
                v_source,
                n.version,
                jsonb_strip_nulls(jsonb_build_object(
                    'event_id', n.event_id,
                    'new_user_id', n.user_id,
                    'price_cents', n.price_cents,
                    'token_mint', n.token_mint
                ))
            FROM new_rows AS n
            ORDER BY n.tenant_id, n.id
            RETURNING
                tenant_id, id, ticket_id, previous_status, new_status, changed_by,
                changed_by_type, reason, source, ticket_version, metadata, changed_at
        )
        INSERT INTO ticketing.outbox (
            tenant_id, id, aggregate_type, aggregate_id, event_type, payload
        )
        SELECT
            l.tenant_id,
            l.id,
            'ticket',
            l.ticket_id::text,
            'ticket.' || l.new_status,
            l.metadata || jsonb_build_object(
                'ticket_id', l.ticket_id,
                'previous_status', l.previous_status,
                'new_status', l.new_status,
                'changed_by', l.changed_by,
                'changed_by_type', l.changed_by_type,
                'reason', l.reason,
                'source', l.source,
                'ticket_version', l.ticket_version,
                'changed_at', l.changed_at
            )
        FROM logged AS l;
    ELSE
        WITH logged AS (
            INSERT INTO ticketing.ticket_state_history (
                tenant_id, ticket_id, previous_status, new_status, changed_by, changed_by_type,
                reason, source, ticket_version, metadata
            )
            SELECT
                n.tenant_id,
                n.id,
                o.status,
                n.status,
                n.status_changed_by,
                v_actor,
                n.status_reason,
                v_source,
                n.version,
                jsonb_strip_nulls(jsonb_build_object(
                    'event_id', n.event_id,
                    'old_user_id', o.user_id,
                    'new_user_id', n.user_id,
                    'price_cents', n.price_cents,
                    'token_mint', n.token_mint
                ))
            FROM new_rows AS n
            INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
            WHERE n.status <> o.status
            ORDER BY n.tenant_id, n.id
            RETURNING
                tenant_id, id, ticket_id, previous_status, new_status, changed_by,
                changed_by_type, reason, source, ticket_version, metadata, changed_at
        )
        INSERT INTO ticketing.outbox (
            tenant_id, id, aggregate_type, aggregate_id, event_type, payload
        )
        SELECT
            l.tenant_id,
            l.id,
            'ticket',
            l.ticket_id::text,
            'ticket.' || l.new_status,
            l.metadata || jsonb_build_object(
                'ticket_id', l.ticket_id,
                'previous_status', l.previous_status,
                'new_status', l.new_status,
                'changed_by', l.changed_by,
                'changed_by_type', l.changed_by_type,
                'reason', l.reason,
                'source', l.source,
                'ticket_version', l.ticket_version,
                'changed_at', l.changed_at
            )
        FROM logged AS l;
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_ticket_status_change() IS
    'Statement trigger of tickets: for each new ticket and each change of status one row of '
    'ticket_state_history and one event ticket.<status> in the outbox, both with the id of the '
    'history row. Who, why and where from come from the ticket and the session variables. '
    'SECURITY DEFINER because no role may write the history by hand; it takes the tenant of each '
    'row from the row, new_rows.tenant_id.';
