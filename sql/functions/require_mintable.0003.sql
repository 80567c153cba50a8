CREATE OR REPLACE FUNCTION ticketing.require_mintable(
    p_ticket_id uuid
)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_ticket_status text;
    v_tx record;
BEGIN
    SELECT k.status
    INTO v_ticket_status
    FROM ticketing.tickets AS k
    WHERE k.tenant_id = v_tenant_id AND k.id = p_ticket_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket % is not open to this session', coalesce(p_ticket_id::text, 'NULL')
            USING ERRCODE = 'TK512', HINT = 'Use a session that acts for the tenant.';
    END IF;

    IF v_ticket_status IN ('revoked', 'refunded', 'expired', 'cancelled') THEN
        RAISE EXCEPTION 'ticket % is %', p_ticket_id, v_ticket_status
            USING
                ERRCODE = 'TK513',
                HINT = 'Do not send it; nobody is owed a token of this ticket.';
    END IF;

    -- One that was given up and seen after that may hold. Its error clears it, once two thirds of
    -- the stake have voted for it; the error_code of one that failed says why it was given up, so
    -- that a sight of it was one without an error.
    SELECT x.tx_signature, x.status, x.slot
    INTO v_tx
    FROM ticketing.pending_transactions AS x
    WHERE
        x.tenant_id = v_tenant_id
        AND x.ticket_id = p_ticket_id
        AND x.tx_type = 'mint'
        AND (
            x.status = 'confirmed'
            OR (
                x.status IN ('expired', 'failed', 'replaced')
                AND x.commitment IN ('processed', 'confirmed')
                AND (
                    x.commitment = 'processed'
                    OR x.error_code IS NULL
                    OR x.failed_at IS NOT NULL
                )
            )
        )
    ORDER BY x.status = 'confirmed' DESC, x.submitted_at DESC
    LIMIT 1;

    IF v_tx.status = 'confirmed' THEN
        RAISE EXCEPTION 'ticket % is minted', p_ticket_id
            USING
                ERRCODE = 'TK504',
                HINT = 'Read its token_mint; a ticket is minted once.';
    END IF;

    IF v_tx.status IS NOT NULL THEN
        RAISE EXCEPTION 'ticket % may be minted: transaction % is % and was seen in slot %',
            p_ticket_id, v_tx.tx_signature, v_tx.status, v_tx.slot
            USING
                ERRCODE = 'TK514',
                HINT = 'Find out what became of it: confirm_transaction, mark_tx_seen with its '
                    'error, or mark_tx_not_found. If it holds and has been replaced, call a '
                    'person.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_mintable(uuid) IS
    'Answers nothing when a new mint of a ticket may be signed. Raises TK504 when the ticket has a '
    'confirmed mint, TK514 when a mint that was given up was seen on the chain after that and may '
    'hold, TK513 when the ticket is revoked, refunded, expired or cancelled, TK512 when the '
    'session does not have it. create_pending_transaction and replace_transaction ask it under the '
    'lock of the ticket; ask it before signing to save the work. Whether a transaction is open, '
    'has_pending_transaction says.';

GRANT EXECUTE ON FUNCTION ticketing.require_mintable(uuid) TO ticketing_app, ticketing_worker;
