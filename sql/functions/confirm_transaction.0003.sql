CREATE OR REPLACE FUNCTION ticketing.confirm_transaction(
    p_tx_signature text,
    p_slot numeric,
    p_block_time timestamptz,
    p_token_mint text DEFAULT NULL,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_problem text;
    v_tx ticketing.pending_transactions;
    v_token_mint text;
    v_obstacle text;
    v_reason text;
    v_now timestamptz;
BEGIN
    v_problem := CASE
        WHEN p_slot IS NULL
            OR p_slot <> trunc(p_slot)
            OR p_slot NOT BETWEEN 0 AND 18446744073709551615
            THEN 'p_slot is not a slot'
        WHEN p_token_mint !~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
            THEN 'p_token_mint is not 32 bytes in base58'
    END;

    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'TK001', HINT = 'Pass what the chain says, as the RPC node gave it.';
    END IF;

    v_tx := ticketing.lock_transaction(p_tx_signature, p_network, TRUE);

    IF v_tx.tx_type = 'mint' THEN
        SELECT k.token_mint
        INTO v_token_mint
        FROM ticketing.tickets AS k
        WHERE k.tenant_id = v_tenant_id AND k.id = v_tx.ticket_id;
    END IF;

    -- What the chain holds for good is not forgotten for want of order here: the ticket's status
    -- is no obstacle.
    v_obstacle := CASE
        WHEN v_tx.status IN ('failed', 'replaced') THEN format('it is %s', v_tx.status)
        WHEN v_tx.error_code IS NOT NULL
            THEN format('it was seen with error %s', v_tx.error_code)
        WHEN v_tx.status = 'expired' AND v_tx.tx_type <> 'verify' AND EXISTS (
            SELECT 1
            FROM ticketing.pending_transactions AS s
            WHERE
                s.tenant_id = v_tenant_id
                AND s.ticket_id = v_tx.ticket_id
                AND s.tx_type = v_tx.tx_type
                AND s.id <> v_tx.id
                AND (
                    s.status IN ('pending', 'confirming')
                    OR (
                        s.status = 'confirmed'
                        AND (s.tx_type = 'mint' OR s.confirmed_at > v_tx.expired_at)
                    )
                )
        ) THEN format('it expired, and another %s took its place', v_tx.tx_type)
    END;

    IF v_obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % cannot be confirmed: %', p_tx_signature, v_obstacle
            USING
                ERRCODE = 'TK505',
                HINT = 'Ask the chain for its error first: what failed is final too. If it landed '
                    'in spite of this, write blockchain_sync_log and call a person.';
    END IF;

    -- A slot seen at processed was provisional: forks move transactions.
    IF v_tx.slot <> p_slot AND v_tx.commitment <> 'processed' THEN
        RAISE EXCEPTION 'transaction % was seen in slot %, not %',
            p_tx_signature, v_tx.slot, p_slot
            USING
                ERRCODE = 'TK506',
                HINT = 'Ask another node. If the transaction is not final here yet, mark_tx_seen '
                    'corrects its slot and leaves a trace.';
    END IF;

    v_problem := CASE
        WHEN v_tx.tx_type <> 'mint' AND p_token_mint IS NOT NULL
            THEN format('a %s makes no token, so it takes no p_token_mint', v_tx.tx_type)
        WHEN v_tx.tx_type = 'mint' AND coalesce(v_token_mint, p_token_mint) IS NULL
            THEN 'a mint needs p_token_mint, as its ticket names no token'
    END;

    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'TK001', HINT = 'Pass the mint address with a mint and only there.';
    END IF;

    IF v_token_mint <> p_token_mint THEN
        RAISE EXCEPTION 'ticket % has token %, not %', v_tx.ticket_id, v_token_mint, p_token_mint
            USING
                ERRCODE = 'TK511',
                HINT = 'Find out which token the transaction made before anything else happens '
                    'to the ticket.';
    END IF;

    IF v_tx.status = 'confirmed' THEN
        RETURN TRUE;
    END IF;

    v_now := clock_timestamp();

    -- Only a late landing needs a reason; the caller's own goes first.
    v_reason := ticketing.give_reason(
        coalesce(
            ticketing.status_change_reason(),
            CASE
                WHEN v_tx.status = 'expired'
                    THEN format(
                        'landed in slot %s though absent at height %s',
                        p_slot, v_tx.not_found_at_height
                    )
            END
        )
    );

    UPDATE ticketing.pending_transactions AS t
    SET
        status = 'confirmed',
        commitment = 'finalized',
        slot = p_slot,
        block_time = p_block_time,
        confirmation_count = greatest(t.confirmation_count, t.required_confirmations),
        confirmed_at = v_now
    WHERE t.tenant_id = v_tenant_id AND t.id = v_tx.id;

    PERFORM ticketing.give_reason(v_reason);

    IF v_tx.tx_type = 'mint' THEN
        -- A ticket that is in use already keeps its status, and so does a dead one.
        UPDATE ticketing.tickets AS k
        SET
            is_nft = TRUE,
            token_mint = coalesce(v_token_mint, p_token_mint),
            status = CASE k.status WHEN 'sold' THEN 'minted' ELSE k.status END
        WHERE k.tenant_id = v_tenant_id AND k.id = v_tx.ticket_id;
    ELSIF v_tx.tx_type = 'transfer' AND v_tx.transfer_id IS NOT NULL THEN
        UPDATE ticketing.ticket_transfers AS r
        SET
            tx_signature = v_tx.tx_signature,
            blockchain_confirmed = TRUE,
            blockchain_confirmed_at = v_now,
            blockchain_transferred_at = p_block_time
        WHERE r.tenant_id = v_tenant_id AND r.id = v_tx.transfer_id;
    END IF;

    RETURN TRUE;
END;
$function$;

COMMENT ON FUNCTION ticketing.confirm_transaction(text, numeric, timestamptz, text, text) IS
    'Records that a transaction is finalized without error; call it for nothing less. In the same '
    'database transaction a mint gives its ticket the token (and sold becomes minted), a transfer '
    'gets its chain flags. Returns true; again with the same slot too, and nothing more happens. '
    'An expired transaction that landed late is accepted unless another took its place. Raises '
    'TK503 for an unknown signature, TK505 when it failed, was replaced or has a known error, '
    'TK506 for another slot than the known one, TK511 for another token than the ticket''s, TK512 '
    'when the session may not touch the ticket, TK001 for a bad argument.';

GRANT EXECUTE ON FUNCTION ticketing.confirm_transaction(text, numeric, timestamptz, text, text)
TO ticketing_app, ticketing_worker;
