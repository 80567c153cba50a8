CREATE OR REPLACE FUNCTION ticketing.log_ticket_status_change_manual(
    p_ticket_id uuid,
    p_tenant_id uuid,
    p_previous_status text,
    p_new_status text,
    p_changed_by uuid DEFAULT NULL,
    p_changed_by_type text DEFAULT 'system',
    p_reason text DEFAULT NULL,
    p_source text DEFAULT 'import',
    p_metadata jsonb DEFAULT '{}'::jsonb,
    p_changed_at timestamptz DEFAULT NULL
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_now timestamptz := clock_timestamp();
    v_logged uuid;
BEGIN
    PERFORM ticketing.require_tenant(p_tenant_id);

    IF coalesce(p_source, '') NOT IN ('import', 'migration') THEN
        RAISE EXCEPTION 'a change that comes from % is not logged by hand', coalesce(p_source, 'NULL')
            USING
                ERRCODE = 'TK001',
                HINT = 'Source is import or migration; every other change is logged by its trigger.';
    END IF;

    IF p_ticket_id IS NULL OR p_new_status IS NULL THEN
        RAISE EXCEPTION 'p_ticket_id or p_new_status is NULL'
            USING ERRCODE = 'TK001', HINT = 'Name the ticket, and the status that it got.';
    END IF;

    IF p_changed_at > v_now THEN
        RAISE EXCEPTION 'a change at % has not happened yet', p_changed_at
            USING ERRCODE = 'TK001', HINT = 'Pass the time at which the source saw the change.';
    END IF;

    INSERT INTO ticketing.ticket_state_history (
        tenant_id, ticket_id, previous_status, new_status, changed_by, changed_by_type, reason,
        source, metadata, changed_at
    ) VALUES (
        p_tenant_id,
        p_ticket_id,
        p_previous_status,
        p_new_status,
        p_changed_by,
        coalesce(p_changed_by_type, 'system'),
        p_reason,
        p_source,
        coalesce(p_metadata, '{}'::jsonb),
        coalesce(p_changed_at, v_now)
    )
    RETURNING id INTO v_logged;

    RETURN v_logged;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_ticket_status_change_manual(
    uuid, uuid, text, text, uuid, text, text, text, jsonb, timestamptz
) IS
    'Adds a change of status that happened elsewhere, before the ticket came here, to its history, '
    'and returns the id of the row. For imports and migrations only (p_source, else TK001), in the '
    'tenant of the transaction (TK701, TK702). It moves no status and publishes no event. SECURITY '
    'DEFINER because no role may write the history by hand; only ticketing_worker may call it.';

GRANT EXECUTE ON FUNCTION ticketing.log_ticket_status_change_manual(
    uuid, uuid, text, text, uuid, text, text, text, jsonb, timestamptz
) TO ticketing_worker;
