CREATE OR REPLACE FUNCTION ticketing.expire_overdue_transfer(
    p_ticket_id uuid
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_actor text;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    -- Most tickets have no such offer, and are not locked for it.
    IF NOT EXISTS (
        SELECT 1
        FROM ticketing.ticket_transfers AS r
        WHERE
            r.tenant_id = v_tenant
            AND r.ticket_id = p_ticket_id
            AND r.status = 'pending'
            AND r.expires_at <= clock_timestamp()
    ) THEN
        RETURN FALSE;
    END IF;

    PERFORM 1
    FROM ticketing.tickets AS t
    WHERE t.tenant_id = v_tenant AND t.id = p_ticket_id
    FOR NO KEY UPDATE;

    -- Whoever comes by, it is the clock that ends the offer.
    v_actor := ticketing.act_as('system');

    UPDATE ticketing.ticket_transfers AS r
    SET status = 'expired'
    WHERE
        r.tenant_id = v_tenant
        AND r.ticket_id = p_ticket_id
        AND r.status = 'pending'
        AND r.expires_at <= clock_timestamp();

    PERFORM ticketing.act_as(v_actor);
    RETURN TRUE;
END;
$function$;

COMMENT ON FUNCTION ticketing.expire_overdue_transfer(uuid) IS
    'Ends the open offer of one ticket if its time is over, and says whether there was one; true '
    'also when another session was faster. Called before a new offer and before a scan, so that '
    'neither waits for the sweeper. TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.expire_overdue_transfer(uuid)
TO ticketing_app, ticketing_worker;
