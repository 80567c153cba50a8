CREATE OR REPLACE FUNCTION ticketing.requeue_outbox(
    p_id uuid
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
BEGIN
    IF v_tenant_id IS NULL THEN
        PERFORM ticketing.require_tenant(NULL);
    END IF;

    IF p_id IS NULL THEN
        RAISE EXCEPTION 'p_id is NULL'
            USING ERRCODE = 'TK001', HINT = 'Pass the id of a dead event.';
    END IF;

    UPDATE ticketing.outbox AS o
    SET
        status = 'pending',
        attempts = 0,
        next_attempt_at = clock_timestamp()
    WHERE o.tenant_id = v_tenant_id AND o.id = p_id AND o.status = 'dead';

    IF FOUND THEN
        RETURN TRUE;
    END IF;

    IF NOT EXISTS (
        SELECT 1
        FROM ticketing.outbox AS o
        WHERE o.tenant_id = v_tenant_id AND o.id = p_id
    ) THEN
        RAISE EXCEPTION 'there is no event %', p_id
            USING
                ERRCODE = 'TK181',
                HINT = 'Check the id and app.current_tenant_id; delivered events are deleted in '
                    'time.';
    END IF;

    RETURN FALSE;
END;
$function$;

COMMENT ON FUNCTION ticketing.requeue_outbox(uuid) IS
    'Puts a dead event of the tenant back: due at once, with all its attempts; last_error stays. '
    'The later events of its aggregate follow once it is delivered. FALSE: it is not dead (any '
    'more), and nothing was done. TK001 for NULL, TK181 when the tenant has no such event, TK701 '
    'without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.requeue_outbox(uuid) TO ticketing_worker;
