CREATE OR REPLACE FUNCTION ticketing.replace_transaction(
    p_tx_signature text,
    p_new_signature text,
    p_blockhash text,
    p_last_valid_block_height numeric,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_problem text;
    v_tx ticketing.pending_transactions;
    v_obstacle text;
    v_id uuid;
BEGIN
    v_problem := CASE
        WHEN coalesce(p_new_signature, '') !~ '^[1-9A-HJ-NP-Za-km-z]{64,88}$'
            THEN 'p_new_signature is not 64 bytes in base58'
        WHEN coalesce(p_blockhash, '') !~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
            THEN 'p_blockhash is not 32 bytes in base58'
        WHEN p_last_valid_block_height IS NULL
            OR p_last_valid_block_height <> trunc(p_last_valid_block_height)
            OR p_last_valid_block_height NOT BETWEEN 1 AND 18446744073709551615
            THEN 'p_last_valid_block_height is not a block height'
    END;

    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'TK001', HINT = 'Pass what was signed, as the RPC node gave it.';
    END IF;

    v_tx := ticketing.lock_transaction(p_tx_signature, p_network, TRUE);

    IF v_tx.status = 'replaced' THEN
        SELECT s.id
        INTO v_id
        FROM ticketing.pending_transactions AS s
        WHERE
            s.tenant_id = v_tx.tenant_id
            AND s.replaces_id = v_tx.id
            AND s.tx_signature = p_new_signature
            AND s.blockhash = p_blockhash
            AND s.last_valid_block_height = p_last_valid_block_height;

        IF FOUND THEN
            RETURN v_id;
        END IF;
    END IF;

    v_obstacle := CASE
        WHEN v_tx.status = 'replaced' THEN 'another one has replaced it'
        WHEN v_tx.status NOT IN ('expired', 'failed') THEN format('it is %s', v_tx.status)
        -- Seen after it was given up, it may hold; unless two thirds of the stake have voted for
        -- its error.
        WHEN v_tx.status = 'expired'
            AND v_tx.commitment IS NOT NULL
            AND (v_tx.error_code IS NULL OR v_tx.commitment = 'processed')
            OR v_tx.status = 'failed' AND v_tx.commitment <> 'finalized'
            THEN format('it was seen after all, in slot %s', v_tx.slot)
    END;

    IF v_obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % cannot be replaced: %', p_tx_signature, v_obstacle
            USING
                ERRCODE = 'TK508',
                HINT = 'Sign anew only when it has failed or expired, and once; what may still '
                    'land would be done twice.';
    END IF;

    IF v_tx.attempt > v_tx.max_retries THEN
        RAISE EXCEPTION 'transaction % was attempt % of %',
            p_tx_signature, v_tx.attempt, v_tx.max_retries + 1
            USING ERRCODE = 'TK509', HINT = 'Find out why it keeps failing before another try.';
    END IF;

    IF v_tx.tx_type <> 'verify' AND ticketing.has_pending_transaction(v_tx.ticket_id) THEN
        RAISE EXCEPTION 'ticket % has an open transaction', v_tx.ticket_id
            USING
                ERRCODE = 'TK501',
                HINT = 'Wait until it is confirmed, failed or expired; do not sign anew before.';
    END IF;

    IF v_tx.tx_type = 'mint' THEN
        PERFORM ticketing.require_mintable(v_tx.ticket_id);
    END IF;

    INSERT INTO ticketing.pending_transactions (
        tenant_id, network, tx_signature, tx_type, ticket_id, event_id, transfer_id, from_user_id,
        to_user_id, blockhash, last_valid_block_height, required_confirmations, max_retries,
        replaces_id, attempt
    ) VALUES (
        v_tx.tenant_id, v_tx.network, p_new_signature, v_tx.tx_type, v_tx.ticket_id,
        v_tx.event_id, v_tx.transfer_id, v_tx.from_user_id, v_tx.to_user_id, p_blockhash,
        p_last_valid_block_height, v_tx.required_confirmations, v_tx.max_retries, v_tx.id,
        v_tx.attempt + 1
    )
    ON CONFLICT ON CONSTRAINT uq_pending_tx_signature DO NOTHING
    RETURNING id INTO v_id;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % is recorded already, and not as the successor of %',
            p_new_signature, p_tx_signature
            USING
                ERRCODE = 'TK502',
                HINT = 'Sign anew with a fresh blockhash, which gives a new signature.';
    END IF;

    UPDATE ticketing.pending_transactions AS t
    SET status = 'replaced'
    WHERE t.tenant_id = v_tx.tenant_id AND t.id = v_tx.id;

    RETURN v_id;
END;
$function$;

COMMENT ON FUNCTION ticketing.replace_transaction(text, text, text, numeric, text) IS
    'Records a newly signed transaction in place of an expired or failed one and returns its id; '
    'the old one becomes replaced. Call and commit it before the first send. The same call again '
    'returns the same id. Raises TK508 when the old one is open, confirmed, replaced by another or '
    'was seen after it was given up, TK509 after max_retries replacements, TK501 while the ticket '
    'has an open transaction, TK504, TK513 and TK514 for a mint as require_mintable does, TK502 '
    'for a signature that is taken, TK503 and TK512 for what the session does not have, TK001 for '
    'a bad argument.';

GRANT EXECUTE ON FUNCTION ticketing.replace_transaction(text, text, text, numeric, text)
TO ticketing_app, ticketing_worker;
