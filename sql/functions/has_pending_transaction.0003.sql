CREATE OR REPLACE FUNCTION ticketing.has_pending_transaction(
    p_ticket_id uuid
)
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
BEGIN
    -- The words of uq_pending_tx_one_open_per_ticket, so that one probe of it answers.
    RETURN EXISTS (
        SELECT 1
        FROM ticketing.pending_transactions AS t
        WHERE
            t.tenant_id = v_tenant_id
            AND t.ticket_id = p_ticket_id
            AND t.status IN ('pending', 'confirming')
            AND t.tx_type <> 'verify'
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.has_pending_transaction(uuid) IS
    'Whether a ticket of the tenant has an open transaction that writes; verify does not count. '
    'Advisory: the answer may be old when it arrives, and the unique index decides.';

GRANT EXECUTE ON FUNCTION ticketing.has_pending_transaction(uuid)
TO ticketing_app, ticketing_worker, ticketing_readonly;
