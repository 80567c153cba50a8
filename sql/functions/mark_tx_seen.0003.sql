CREATE OR REPLACE FUNCTION ticketing.mark_tx_seen(
    p_tx_signature text,
    p_commitment text,
    p_slot numeric,
    p_confirmations integer DEFAULT NULL,
    p_error_code text DEFAULT NULL,
    p_error_message text DEFAULT NULL,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_problem text;
    v_tx ticketing.pending_transactions;
    v_is_open boolean;
    v_has_failed boolean;
    v_status text;
    v_error_code text := nullif(btrim(p_error_code), '');
    v_confirmations integer;
BEGIN
    v_problem := CASE
        WHEN coalesce(p_commitment, '') NOT IN ('processed', 'confirmed')
            THEN 'p_commitment is neither processed nor confirmed'
        WHEN p_slot IS NULL
            OR p_slot <> trunc(p_slot)
            OR p_slot NOT BETWEEN 0 AND 18446744073709551615
            THEN 'p_slot is not a slot'
        WHEN p_confirmations < 0 THEN 'p_confirmations is below 0'
    END;

    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING
                ERRCODE = 'TK001',
                HINT = 'Pass what the chain says; what is finalized goes to confirm_transaction or '
                    'fail_transaction.';
    END IF;

    v_tx := ticketing.lock_transaction(p_tx_signature, p_network);

    -- A node that says less than is known lags behind.
    IF v_tx.commitment = 'finalized'
        OR (v_tx.commitment = 'confirmed' AND p_commitment = 'processed')
    THEN
        RETURN v_tx.status;
    END IF;

    v_is_open := v_tx.status IN ('pending', 'confirming');
    v_has_failed := NOT v_is_open AND v_tx.failed_at IS NOT NULL;

    -- That a failed one has an error is no news, unless it was seen without one before.
    IF v_has_failed AND v_error_code IS NOT NULL THEN
        UPDATE ticketing.pending_transactions AS t
        SET commitment = NULL, slot = NULL, confirmation_count = 0
        WHERE
            t.tenant_id = v_tx.tenant_id
            AND t.id = v_tx.id
            AND t.commitment IS NOT NULL
            AND p_commitment = 'confirmed';

        RETURN v_tx.status;
    END IF;

    v_status := CASE v_tx.status WHEN 'pending' THEN 'confirming' ELSE v_tx.status END;

    -- The error of a failed one says why it was given up, and stays.
    IF v_has_failed THEN
        v_error_code := v_tx.error_code;
    END IF;

    v_confirmations := CASE
        WHEN v_tx.slot = p_slot
            THEN greatest(v_tx.confirmation_count, coalesce(p_confirmations, 0))
        ELSE coalesce(p_confirmations, 0)
    END;

    IF (v_tx.commitment, v_tx.slot, v_tx.confirmation_count, v_tx.error_code)
        IS NOT DISTINCT FROM
        (p_commitment, p_slot, v_confirmations, v_error_code)
        AND NOT (v_is_open AND v_tx.not_found_at_height IS NOT NULL)
    THEN
        RETURN v_tx.status;
    END IF;

    IF (NOT v_is_open OR v_tx.commitment = 'confirmed')
        AND (v_tx.commitment, v_tx.slot, v_tx.error_code)
        IS DISTINCT FROM
        (p_commitment, p_slot, v_error_code)
    THEN
        INSERT INTO ticketing.blockchain_sync_log (
            tenant_id, event_type, tx_signature, ticket_id, db_state, blockchain_state,
            action_taken, severity, metadata
        ) VALUES (
            v_tx.tenant_id,
            CASE WHEN v_is_open THEN 'reconciliation_mismatch' ELSE 'transaction_late_landing' END,
            v_tx.tx_signature,
            v_tx.ticket_id,
            jsonb_strip_nulls(
                jsonb_build_object(
                    'status', v_tx.status,
                    'commitment', v_tx.commitment,
                    'slot', v_tx.slot,
                    'error_code', v_tx.error_code
                )
            ),
            jsonb_strip_nulls(
                jsonb_build_object(
                    'commitment', p_commitment,
                    'slot', p_slot,
                    'error_code', nullif(btrim(p_error_code), '')
                )
            ),
            'what was seen is recorded; the status stays',
            -- Given up without a doubt, and yet it may hold, beside its successor.
            CASE
                WHEN v_tx.status IN ('failed', 'replaced')
                    AND coalesce(btrim(p_error_code), '') = ''
                    THEN 'critical'
                ELSE 'warning'
            END,
            jsonb_build_object('network', v_tx.network, 'transaction_id', v_tx.id)
        );
    END IF;

    UPDATE ticketing.pending_transactions AS t
    SET
        status = v_status,
        commitment = p_commitment,
        slot = p_slot,
        confirmation_count = v_confirmations,
        error_code = v_error_code,
        error_message = CASE
            WHEN v_has_failed THEN t.error_message
            WHEN v_error_code IS NOT NULL THEN p_error_message
        END,
        not_found_at_height = CASE WHEN NOT v_is_open THEN t.not_found_at_height END
    WHERE t.tenant_id = v_tx.tenant_id AND t.id = v_tx.id;

    RETURN v_status;
END;
$function$;

COMMENT ON FUNCTION ticketing.mark_tx_seen(text, text, numeric, integer, text, text, text) IS
    'Records that a node sees a transaction at commitment processed or confirmed, in which slot, '
    'with how many confirmations and with which error, if any; returns the status. Pending becomes '
    'confirming, and earlier evidence of absence is void. An error that is not final yet blocks '
    'confirm_transaction until a later sight is without it. An answer that says less than is known '
    'changes nothing; one that contradicts what was confirmed is logged as a mismatch. Of a '
    'transaction that was given up it is logged as a late landing, and neither is that one '
    'replaced nor its ticket minted anew until it is known what became of it. Raises TK503 for an '
    'unknown signature, TK001 for a bad argument.';

GRANT EXECUTE ON FUNCTION ticketing.mark_tx_seen(
    text, text, numeric, integer, text, text, text
) TO ticketing_app, ticketing_worker;
