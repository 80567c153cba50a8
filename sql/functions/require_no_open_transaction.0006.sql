CREATE OR REPLACE FUNCTION ticketing.require_no_open_transaction(
    p_tenant_id uuid,
    p_ticket_id uuid
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- The words of uq_pending_tx_one_open_per_ticket, so that one probe of it answers. The tenant
    -- is an argument because triggers ask, who have it from their row.
    IF EXISTS (
        SELECT 1
        FROM ticketing.pending_transactions AS x
        WHERE
            x.tenant_id = p_tenant_id
            AND x.ticket_id = p_ticket_id
            AND x.status IN ('pending', 'confirming')
            AND x.tx_type <> 'verify'
    ) THEN
        RAISE EXCEPTION 'ticket % has a transaction in flight', p_ticket_id
            USING
                ERRCODE = 'TK209',
                HINT = 'Wait until it is confirmed, failed or expired.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_no_open_transaction(uuid, uuid) IS
    'Refuses a ticket about which the chain has yet to decide (TK209); verify does not count. '
    'Called with the ticket locked, by triggers of tickets and transfers and before money goes '
    'back: whoever signs for a ticket locks it first (create_pending_transaction), so one of the '
    'two sees the other.';

GRANT EXECUTE ON FUNCTION ticketing.require_no_open_transaction(uuid, uuid)
TO ticketing_app, ticketing_worker;
