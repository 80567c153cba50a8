CREATE OR REPLACE FUNCTION ticketing.lock_transaction(
    p_tx_signature text,
    p_network text DEFAULT 'solana-mainnet',
    p_with_ticket boolean DEFAULT FALSE
)
RETURNS ticketing.pending_transactions
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_tx ticketing.pending_transactions;
BEGIN
    IF p_with_ticket THEN
        -- Ticket and transfer are fixed columns, so a look without a lock names them for good.
        SELECT t.*
        INTO v_tx
        FROM ticketing.pending_transactions AS t
        WHERE
            t.tenant_id = v_tenant_id
            AND t.network = p_network
            AND t.tx_signature = p_tx_signature;

        IF v_tx.tx_type <> 'verify' THEN
            PERFORM 1
            FROM ticketing.tickets AS k
            WHERE k.tenant_id = v_tenant_id AND k.id = v_tx.ticket_id
            FOR NO KEY UPDATE;

            IF NOT FOUND THEN
                RAISE EXCEPTION 'ticket % is not open to this session', v_tx.ticket_id
                    USING
                        ERRCODE = 'TK512',
                        HINT = 'Use a session that acts for the tenant.';
            END IF;

            IF v_tx.transfer_id IS NOT NULL THEN
                PERFORM 1
                FROM ticketing.ticket_transfers AS r
                WHERE r.tenant_id = v_tenant_id AND r.id = v_tx.transfer_id
                FOR NO KEY UPDATE;
            END IF;
        END IF;
    END IF;

    -- Read again, as of now: waiting for the ticket takes time.
    SELECT t.*
    INTO v_tx
    FROM ticketing.pending_transactions AS t
    WHERE
        t.tenant_id = v_tenant_id
        AND t.network = p_network
        AND t.tx_signature = p_tx_signature
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'transaction % is not recorded for %',
            coalesce(p_tx_signature, 'NULL'), coalesce(p_network, 'NULL')
            USING
                ERRCODE = 'TK503',
                HINT = 'Record it with create_pending_transaction before the send; check the '
                    'network and that app.current_tenant_id names its tenant.';
    END IF;

    RETURN v_tx;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_transaction(text, text, boolean) IS
    'Locks a recorded transaction until the end of the database transaction and returns its row as '
    'of then; TK503 when the tenant has none of that signature. With p_with_ticket it first locks '
    'the ticket and the transfer, in the one order of the schema; TK512 when the session may not '
    'touch that ticket. The functions that change a transaction begin with it.';

GRANT EXECUTE ON FUNCTION ticketing.lock_transaction(text, text, boolean)
TO ticketing_app, ticketing_worker;
