CREATE OR REPLACE FUNCTION ticketing.fail_transaction(
    p_tx_signature text,
    p_error_code text,
    p_error_message text,
    p_slot numeric DEFAULT NULL,
    p_error_details jsonb DEFAULT '{}'::jsonb,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS boolean
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_problem text;
    v_tx ticketing.pending_transactions;
    v_obstacle text;
BEGIN
    v_problem := CASE
        WHEN coalesce(btrim(p_error_code), '') = '' THEN 'p_error_code is missing'
        WHEN p_slot <> trunc(p_slot) OR p_slot NOT BETWEEN 0 AND 18446744073709551615
            THEN 'p_slot is not a slot'
    END;

    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'TK001', HINT = 'Pass what the chain says, as the RPC node gave it.';
    END IF;

    v_tx := ticketing.lock_transaction(p_tx_signature, p_network);

    IF v_tx.status = 'failed' AND v_tx.error_code = p_error_code THEN
        -- Taken for rejected, and now found on the chain: with its error, as was said.
        UPDATE ticketing.pending_transactions AS t
        SET slot = p_slot, commitment = 'finalized'
        WHERE
            t.tenant_id = v_tx.tenant_id
            AND t.id = v_tx.id
            AND p_slot IS NOT NULL
            AND t.commitment IS DISTINCT FROM 'finalized';

        RETURN TRUE;
    END IF;

    v_obstacle := CASE
        WHEN v_tx.status = 'failed' THEN format('it failed with %s', v_tx.error_code)
        WHEN v_tx.status NOT IN ('pending', 'confirming') THEN format('it is %s', v_tx.status)
        -- Failed means that it can be signed anew. What was sent more than once and is not on the
        -- chain may land yet.
        WHEN v_tx.status = 'pending' AND p_slot IS NULL AND v_tx.retry_count > 0
            THEN 'it was sent again and may still land'
    END;

    IF v_obstacle IS NOT NULL THEN
        RAISE EXCEPTION 'transaction % cannot fail with %: %',
            p_tx_signature, p_error_code, v_obstacle
            USING
                ERRCODE = 'TK507',
                HINT = 'Give p_slot if it landed with an error; one that is not on the chain '
                    'expires on evidence from mark_tx_not_found.';
    END IF;

    IF v_tx.slot <> p_slot AND v_tx.commitment = 'confirmed' THEN
        RAISE EXCEPTION 'transaction % was seen in slot %, not %',
            p_tx_signature, v_tx.slot, p_slot
            USING
                ERRCODE = 'TK506',
                HINT = 'Ask another node; mark_tx_seen corrects a slot and leaves a trace.';
    END IF;

    UPDATE ticketing.pending_transactions AS t
    SET
        status = 'failed',
        slot = coalesce(p_slot, t.slot),
        commitment = CASE WHEN coalesce(p_slot, t.slot) IS NOT NULL THEN 'finalized' END,
        error_code = p_error_code,
        error_message = p_error_message,
        error_details = coalesce(p_error_details, '{}'::jsonb),
        failed_at = clock_timestamp()
    WHERE t.tenant_id = v_tx.tenant_id AND t.id = v_tx.id;

    RETURN TRUE;
END;
$function$;

COMMENT ON FUNCTION ticketing.fail_transaction(text, text, text, numeric, jsonb, text) IS
    'Records that an open transaction is finalized with an error (give p_slot), or was rejected '
    'before any broadcast (no p_slot). It may then be replaced, so be sure. Returns true; again '
    'with the same code too, which at most adds the slot. Raises TK503 for an unknown signature, '
    'TK507 when it is not open, failed with another code, or was sent again and is not on the '
    'chain, TK506 for another slot than the known one, TK001 for a bad argument.';

GRANT EXECUTE ON FUNCTION ticketing.fail_transaction(text, text, text, numeric, jsonb, text)
TO ticketing_app, ticketing_worker;
