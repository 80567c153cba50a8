CREATE OR REPLACE FUNCTION ticketing.record_rebroadcast(
    p_tx_signature text,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS integer
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tx ticketing.pending_transactions;
BEGIN
    v_tx := ticketing.lock_transaction(p_tx_signature, p_network);

    IF v_tx.status NOT IN ('pending', 'confirming') THEN
        RAISE EXCEPTION 'transaction % is %', p_tx_signature, v_tx.status
            USING
                ERRCODE = 'TK510',
                HINT = 'Do not send it again; read its status.';
    END IF;

    IF v_tx.retry_count >= v_tx.max_retries THEN
        RAISE EXCEPTION 'transaction % was sent again % times', p_tx_signature, v_tx.retry_count
            USING
                ERRCODE = 'TK509',
                HINT = 'Look for it until it is found or proved absent.';
    END IF;

    UPDATE ticketing.pending_transactions AS t
    SET retry_count = t.retry_count + 1, last_retry_at = clock_timestamp()
    WHERE t.tenant_id = v_tx.tenant_id AND t.id = v_tx.id;

    RETURN v_tx.retry_count + 1;
END;
$function$;

COMMENT ON FUNCTION ticketing.record_rebroadcast(text, text) IS
    'Counts that the same bytes are sent again, and returns how often that was; call it before the '
    'send. Raises TK510 when the transaction is not open, TK509 at max_retries, TK503 for an '
    'unknown signature. Sending the same bytes is harmless: they execute once. Signing anew is '
    'replace_transaction.';

GRANT EXECUTE ON FUNCTION ticketing.record_rebroadcast(text, text)
TO ticketing_app, ticketing_worker;
