CREATE OR REPLACE FUNCTION ticketing.cancel_transfer(
    p_transfer_id uuid,
    p_reason text DEFAULT NULL,
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
    v_from_user_id uuid;
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

    SELECT r.id, r.status, r.from_user_id
    INTO transfer_id, status, v_from_user_id
    FROM ticketing.ticket_transfers AS r
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer % does not exist', coalesce(p_transfer_id::text, 'NULL')
            USING
                ERRCODE = 'TK221',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    -- A session that acts for the tenant and names nobody withdraws any offer.
    IF v_from_user_id IS DISTINCT FROM v_user_id
        AND (p_user_id IS NOT NULL OR NOT ticketing.acts_for_tenant())
    THEN
        RAISE EXCEPTION 'transfer % was offered by somebody else', p_transfer_id
            USING
                ERRCODE = 'TK228',
                HINT = 'Its sender withdraws it, or staff; a recipient declines it.';
    END IF;

    IF status = 'cancelled' THEN
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    IF status NOT IN ('pending', 'accepted') THEN
        RAISE EXCEPTION 'transfer % is %', p_transfer_id, status
            USING
                ERRCODE = 'TK224',
                HINT = 'An offer is withdrawn while it is open; a completed one goes back as a '
                    'correction.';
    END IF;

    UPDATE ticketing.ticket_transfers AS r
    SET status = 'cancelled', cancellation_reason = nullif(btrim(p_reason), '')
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
    RETURNING r.status, 'cancelled' INTO status, outcome;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.cancel_transfer(uuid, text, uuid) IS
    'Withdraws an open offer, for p_user_id, else for the user of the transaction, who must be its '
    'sender; a session that acts for the tenant and names nobody withdraws any. p_reason, else '
    'app.status_change_reason, says why (TK203). outcome cancelled, or replayed when it was '
    'before. An accepted one only system or admin may withdraw (TK202). Raises TK221 for an '
    'unknown transfer, TK228 for somebody else''s, TK224 for a closed one, TK401, TK701.';

GRANT EXECUTE ON FUNCTION ticketing.cancel_transfer(uuid, text, uuid)
TO ticketing_app, ticketing_worker;
