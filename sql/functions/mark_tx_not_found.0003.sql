CREATE OR REPLACE FUNCTION ticketing.mark_tx_not_found(
    p_tx_signature text,
    p_finalized_height numeric,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tx ticketing.pending_transactions;
    v_is_past boolean;
    v_is_dropped boolean;
    v_status text;
BEGIN
    IF p_finalized_height IS NULL
        OR p_finalized_height <> trunc(p_finalized_height)
        OR p_finalized_height NOT BETWEEN 0 AND 18446744073709551615
    THEN
        RAISE EXCEPTION 'p_finalized_height is not a block height'
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass the finalized block height, not slot, of the node that was asked.';
    END IF;

    v_tx := ticketing.lock_transaction(p_tx_signature, p_network);

    -- An answer from no later height than the last one is older, or the same one again.
    IF v_tx.status = 'confirmed'
        OR (v_tx.status = 'replaced' AND v_tx.commitment IS NULL)
        OR v_tx.commitment = 'finalized'
        OR p_finalized_height <= v_tx.last_checked_block_height
    THEN
        RETURN v_tx.status;
    END IF;

    v_is_past := coalesce(p_finalized_height > v_tx.last_valid_block_height, FALSE);
    -- While it can still land, what is absent is sent again, which is harmless, and what was not
    -- final yet is seen again. Past the height a confirming one stays so: expire_transactions
    -- ends it, on this evidence, unless it is seen before.
    v_is_dropped := CASE v_tx.status
        WHEN 'pending' THEN FALSE
        WHEN 'confirming' THEN NOT v_is_past
        ELSE v_is_past
    END;
    v_status := CASE
        WHEN v_tx.status = 'confirming' AND v_is_dropped THEN 'pending' ELSE v_tx.status
    END;

    UPDATE ticketing.pending_transactions AS t
    SET
        status = v_status,
        last_checked_block_height = p_finalized_height,
        not_found_at_height = greatest(t.not_found_at_height, p_finalized_height),
        commitment = CASE WHEN NOT v_is_dropped THEN t.commitment END,
        slot = CASE WHEN NOT v_is_dropped THEN t.slot END,
        confirmation_count = CASE WHEN v_is_dropped THEN 0 ELSE t.confirmation_count END,
        error_code = CASE
            WHEN t.failed_at IS NOT NULL OR NOT v_is_dropped THEN t.error_code
        END,
        error_message = CASE
            WHEN t.failed_at IS NOT NULL OR NOT v_is_dropped THEN t.error_message
        END
    WHERE t.tenant_id = v_tx.tenant_id AND t.id = v_tx.id;

    RETURN v_status;
END;
$function$;

COMMENT ON FUNCTION ticketing.mark_tx_not_found(text, numeric, text) IS
    'Records that a node whose finalized block height is p_finalized_height does not know the '
    'signature, its whole history searched; returns the status. Take height and answer from one '
    'node, the height first. Above the last valid height this is the evidence that '
    'expire_transactions needs; below it a confirming transaction was dropped by a fork and is '
    'pending again. It also refutes a late sight of one that was given up. Heights only rise: an '
    'older answer changes nothing. Raises TK503 for an unknown signature, TK001 for a bad height.';

GRANT EXECUTE ON FUNCTION ticketing.mark_tx_not_found(text, numeric, text)
TO ticketing_app, ticketing_worker;
