CREATE OR REPLACE FUNCTION ticketing.reject_transfer(
    p_transfer_id uuid,
    p_acceptance_code_hash text DEFAULT NULL,
    p_user_id uuid DEFAULT NULL
)
RETURNS TABLE (
    transfer_id uuid,
    status text,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_user_id uuid;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);
    v_user_id := ticketing.require_principal(p_user_id);

    -- The ticket before its transfer, as everywhere. Who may not see it cannot lock it, and then
    -- holds nothing that somebody else waits for.
    PERFORM 1
    FROM ticketing.tickets AS t
    WHERE
        t.tenant_id = v_tenant
        AND t.id = (
            SELECT r.ticket_id
            FROM ticketing.ticket_transfers AS r
            WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
        )
    FOR NO KEY UPDATE;

    SELECT r.id, r.status
    INTO transfer_id, status
    FROM ticketing.ticket_transfers AS r
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer % does not exist', coalesce(p_transfer_id::text, 'NULL')
            USING
                ERRCODE = 'TK221',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    PERFORM ticketing.require_transfer_recipient(p_transfer_id, v_user_id, p_acceptance_code_hash);

    IF status = 'rejected' THEN
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    IF status <> 'pending' THEN
        RAISE EXCEPTION 'transfer % is %', p_transfer_id, status
            USING
                ERRCODE = 'TK224',
                HINT = 'An offer is declined while it is pending; nothing is left to decline.';
    END IF;

    UPDATE ticketing.ticket_transfers AS r
    SET status = 'rejected'
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
    RETURNING r.status, 'rejected' INTO status, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.reject_transfer(uuid, text, uuid) IS
    'Declines a pending offer, by whoever could accept it; a recipient without an account needs '
    'the code alone. outcome rejected, or replayed when it was declined before. The sender keeps '
    'ticket and code. Raises TK221 for an unknown transfer, TK222 for a wrong code, TK223 for '
    'somebody else''s offer, TK224 for one that is not pending, TK401, TK701.';

GRANT EXECUTE ON FUNCTION ticketing.reject_transfer(uuid, text, uuid)
TO ticketing_app, ticketing_worker;
