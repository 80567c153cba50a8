CREATE OR REPLACE FUNCTION ticketing.get_pending_transaction_status(
    p_tx_signature text,
    p_network text DEFAULT 'solana-mainnet'
)
RETURNS TABLE (
    status text,
    confirmation_count integer,
    slot numeric,
    error_code text,
    error_message text,
    commitment text,
    attempt integer,
    replaced_by text
)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
BEGIN
    RETURN QUERY
    SELECT
        t.status,
        t.confirmation_count,
        t.slot,
        t.error_code,
        t.error_message,
        t.commitment,
        t.attempt,
        s.tx_signature
    FROM ticketing.pending_transactions AS t
    LEFT JOIN ticketing.pending_transactions AS s
        ON t.tenant_id = s.tenant_id AND t.id = s.replaces_id
    WHERE
        t.tenant_id = v_tenant_id
        AND t.network = p_network
        AND t.tx_signature = p_tx_signature;
END;
$function$;

COMMENT ON FUNCTION ticketing.get_pending_transaction_status(text, text) IS
    'What is recorded of a transaction: status, what was last seen of it on the chain, its error, '
    'which attempt it is, and the signature that replaced it. No row for a signature that the '
    'tenant has not recorded.';

GRANT EXECUTE ON FUNCTION ticketing.get_pending_transaction_status(text, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
