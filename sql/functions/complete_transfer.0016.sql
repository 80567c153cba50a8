CREATE OR REPLACE FUNCTION ticketing.complete_transfer(
    p_transfer_id uuid,
    p_code_hash text DEFAULT NULL
)
RETURNS TABLE (
    transfer_id uuid,
    ticket_id uuid,
    status text,
    credential_version integer,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_ticket record;
    v_transfer record;
    v_wait text;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF p_code_hash !~ '^[0-9a-f]{64}$' THEN
        RAISE EXCEPTION 'p_code_hash is no SHA-256 in lower-case hex'
            USING ERRCODE = 'TK001', HINT = 'Hash the new code of the ticket, in UTF-8.';
    END IF;

    SELECT r.id, r.ticket_id
    INTO transfer_id, ticket_id
    FROM ticketing.ticket_transfers AS r
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id;

    -- The ticket before its transfer, as everywhere: refunds, doors and other answers queue here.
    SELECT t.token_mint, t.credential_version
    INTO v_ticket
    FROM ticketing.tickets AS t
    WHERE t.tenant_id = v_tenant AND t.id = complete_transfer.ticket_id
    FOR NO KEY UPDATE;

    SELECT
        r.status,
        r.from_user_id,
        r.to_user_id,
        r.transfer_type,
        r.transfer_method,
        r.blockchain_confirmed
    INTO v_transfer
    FROM ticketing.ticket_transfers AS r
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer % does not exist', coalesce(p_transfer_id::text, 'NULL')
            USING
                ERRCODE = 'TK221',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    status := 'completed';

    IF v_transfer.status = 'completed' THEN
        credential_version := v_ticket.credential_version;
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    IF v_transfer.status NOT IN ('pending', 'accepted') THEN
        RAISE EXCEPTION 'transfer % is %', p_transfer_id, v_transfer.status
            USING ERRCODE = 'TK224', HINT = 'Offer the ticket anew, if it may still be handed on.';
    END IF;

    v_wait := CASE
        WHEN v_transfer.status = 'pending'
            AND v_transfer.transfer_method <> 'direct'
            AND v_transfer.transfer_type NOT IN ('admin', 'correction')
            THEN 'its recipient has not accepted it'
        WHEN v_transfer.to_user_id IS NULL THEN 'it names no recipient'
        WHEN v_ticket.token_mint IS NOT NULL AND NOT v_transfer.blockchain_confirmed
            THEN 'its token has not moved'
    END;

    IF v_wait IS NOT NULL THEN
        RAISE EXCEPTION 'transfer % cannot be completed: %', p_transfer_id, v_wait
            USING
                ERRCODE = 'TK231',
                HINT = 'Let accept_transfer, or confirm_transaction of the token, go first.';
    END IF;

    -- Compare and swap: only from the one who offered it. The triggers of tickets end the old code.
    UPDATE ticketing.tickets AS t
    SET
        user_id = v_transfer.to_user_id,
        status = 'transferred',
        transfer_count = t.transfer_count
            + CASE WHEN v_transfer.transfer_type IN ('admin', 'correction') THEN 0 ELSE 1 END,
        resale_price_cents = NULL
    WHERE
        t.tenant_id = v_tenant
        AND t.id = complete_transfer.ticket_id
        AND t.user_id = v_transfer.from_user_id
        AND t.status IN ('active', 'transferred')
    RETURNING t.credential_version INTO credential_version;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket % is no longer its sender''s to hand on', ticket_id
            USING
                ERRCODE = 'TK227',
                HINT = 'Read the ticket; its holder or its status has changed since the offer.';
    END IF;

    UPDATE ticketing.ticket_transfers AS r
    SET status = 'completed'
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id;

    IF p_code_hash IS NOT NULL THEN
        PERFORM c.credential_id
        FROM ticketing.reissue_ticket(ticket_id, p_code_hash, 'transfer') AS c;
    END IF;

    outcome := 'completed';
    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.complete_transfer(uuid, text) IS
    'Hands the ticket of a transfer over: new holder, one transfer more (those of staff do not '
    'count), no resale price, and the old code dead. p_code_hash is the SHA-256 of the new code; '
    'without it the ticket has none until reissue_ticket gives it one. For a transfer that was '
    'accepted and is now paid or moved on the chain, or a direct or staff one that needs no '
    'acceptance. outcome replayed: it was completed before, nothing changes. Raises TK221 for an '
    'unknown transfer, TK224 for a closed one, TK227 when the ticket is no longer the sender''s or '
    'has ended, TK231 when acceptance, recipient or token are missing, TK202 for actor user, TK207 '
    'for a pending one past its time, TK209 while the chain is at work, TK240 for a code in use, '
    'TK001, TK701. SECURITY DEFINER because a recipient sees the ticket only afterwards.';

GRANT EXECUTE ON FUNCTION ticketing.complete_transfer(uuid, text)
TO ticketing_app, ticketing_worker;
