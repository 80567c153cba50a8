CREATE OR REPLACE FUNCTION ticketing.create_pending_transaction(
    p_tenant_id uuid,
    p_tx_signature text,
    p_tx_type text,
    p_ticket_id uuid,
    p_event_id uuid,
    p_from_user_id uuid,
    p_to_user_id uuid,
    p_blockhash text,
    p_last_valid_block_height numeric,
    p_transfer_id uuid DEFAULT NULL,
    p_network text DEFAULT 'solana-mainnet',
    p_required_confirmations integer DEFAULT 1,
    p_max_retries integer DEFAULT 3
)
RETURNS uuid
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_problem text;
    v_known record;
    v_ticket_locked boolean := FALSE;
    v_event_id uuid := p_event_id;
    v_id uuid;
BEGIN
    PERFORM ticketing.require_tenant(p_tenant_id);

    v_problem := CASE
        WHEN coalesce(p_tx_signature, '') !~ '^[1-9A-HJ-NP-Za-km-z]{64,88}$'
            THEN 'p_tx_signature is not 64 bytes in base58'
        WHEN coalesce(p_network, '') !~ '^[a-z0-9][a-z0-9-]{0,62}$'
            THEN 'p_network is not a lower-case name'
        WHEN coalesce(p_tx_type, '')
            NOT IN ('mint', 'transfer', 'burn', 'metadata_update', 'verify')
            THEN 'p_tx_type is none of mint, transfer, burn, metadata_update, verify'
        WHEN p_tx_type <> 'verify' AND p_ticket_id IS NULL
            THEN format('a %s needs p_ticket_id', p_tx_type)
        -- Without them expiry could never be proved, and the ticket would be blocked for good.
        WHEN p_tx_type <> 'verify' AND (p_blockhash IS NULL OR p_last_valid_block_height IS NULL)
            THEN format('a %s needs p_blockhash and p_last_valid_block_height', p_tx_type)
        WHEN p_blockhash !~ '^[1-9A-HJ-NP-Za-km-z]{32,44}$'
            THEN 'p_blockhash is not 32 bytes in base58'
        WHEN p_last_valid_block_height <> trunc(p_last_valid_block_height)
            OR p_last_valid_block_height NOT BETWEEN 1 AND 18446744073709551615
            THEN 'p_last_valid_block_height is not a block height'
        WHEN p_required_confirmations IS NULL OR p_required_confirmations < 1
            THEN 'p_required_confirmations is below 1'
        WHEN p_max_retries IS NULL OR p_max_retries < 0
            THEN 'p_max_retries is below 0'
    END;

    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION '%', v_problem
            USING ERRCODE = 'TK001', HINT = 'Pass what was signed, as the RPC node gave it.';
    END IF;

    LOOP
        SELECT
            t.id,
            (
                t.tx_type, t.ticket_id, t.transfer_id, t.from_user_id, t.to_user_id,
                t.blockhash, t.last_valid_block_height
            )
            IS NOT DISTINCT FROM
            (
                p_tx_type, p_ticket_id, p_transfer_id, p_from_user_id, p_to_user_id,
                p_blockhash, p_last_valid_block_height
            )
            AND (p_event_id IS NULL OR t.event_id IS NOT DISTINCT FROM p_event_id) AS is_same
        INTO v_known
        FROM ticketing.pending_transactions AS t
        WHERE
            t.tenant_id = p_tenant_id
            AND t.network = p_network
            AND t.tx_signature = p_tx_signature;

        EXIT WHEN FOUND;

        -- The ticket before its transactions: two relays that sign for one ticket queue here, and
        -- an offer or a refund at the same moment as well.
        IF p_ticket_id IS NOT NULL AND NOT v_ticket_locked THEN
            SELECT coalesce(p_event_id, k.event_id)
            INTO v_event_id
            FROM ticketing.tickets AS k
            WHERE
                k.tenant_id = p_tenant_id
                AND k.id = p_ticket_id
                AND (p_event_id IS NULL OR k.event_id = p_event_id)
            FOR NO KEY UPDATE;

            IF NOT FOUND THEN
                RAISE EXCEPTION 'ticket % does not exist, or not for event %',
                    p_ticket_id, coalesce(p_event_id::text, 'NULL')
                    USING
                        ERRCODE = 'TK512',
                        HINT = 'Check both ids, and that the session acts for the tenant.';
            END IF;

            v_ticket_locked := TRUE;
            CONTINUE;
        END IF;

        IF p_transfer_id IS NOT NULL AND EXISTS (
            SELECT 1
            FROM ticketing.ticket_transfers AS r
            WHERE
                r.tenant_id = p_tenant_id
                AND r.id = p_transfer_id
                AND r.ticket_id IS DISTINCT FROM p_ticket_id
        ) THEN
            RAISE EXCEPTION 'transfer % is not one of ticket %',
                p_transfer_id, coalesce(p_ticket_id::text, 'NULL')
                USING ERRCODE = 'TK001', HINT = 'Pass a transfer of that very ticket.';
        END IF;

        IF p_tx_type <> 'verify' AND ticketing.has_pending_transaction(p_ticket_id) THEN
            RAISE EXCEPTION 'ticket % has an open transaction', p_ticket_id
                USING
                    ERRCODE = 'TK501',
                    HINT = 'Wait until it is confirmed, failed or expired; do not sign anew '
                        'before.';
        END IF;

        IF p_tx_type = 'mint' THEN
            PERFORM ticketing.require_mintable(p_ticket_id);
        END IF;

        INSERT INTO ticketing.pending_transactions (
            tenant_id, network, tx_signature, tx_type, ticket_id, event_id, transfer_id,
            from_user_id, to_user_id, blockhash, last_valid_block_height,
            required_confirmations, max_retries
        ) VALUES (
            p_tenant_id, p_network, p_tx_signature, p_tx_type, p_ticket_id, v_event_id,
            p_transfer_id, p_from_user_id, p_to_user_id, p_blockhash, p_last_valid_block_height,
            p_required_confirmations, p_max_retries
        )
        ON CONFLICT ON CONSTRAINT uq_pending_tx_signature DO NOTHING
        RETURNING id INTO v_id;

        IF FOUND THEN
            RETURN v_id;
        END IF;

        -- Somebody recorded the same signature for another ticket, or for none, while we did.
    END LOOP;

    IF NOT v_known.is_same THEN
        RAISE EXCEPTION 'transaction % is recorded with other content', p_tx_signature
            USING
                ERRCODE = 'TK502',
                HINT = 'A signature belongs to the bytes it signed; look for a mix-up of two '
                    'transactions.';
    END IF;

    RETURN v_known.id;
END;
$function$;

COMMENT ON FUNCTION ticketing.create_pending_transaction(
    uuid, text, text, uuid, uuid, uuid, uuid, text, numeric, uuid, text, integer, integer
) IS
    'Records a signed transaction and returns its id. Call and commit it before the first send. '
    'The same signature with the same content returns the same id, whatever became of it since; '
    'with other content it raises TK502. Raises TK501 while the ticket has an open transaction, '
    'TK504, TK513 and TK514 for a mint as require_mintable does, TK512 for a ticket the session '
    'does not have, TK001 for a malformed argument. verify writes nothing and is never in the way. '
    'A missing event is taken from the ticket; p_required_confirmations and p_max_retries are '
    'settings, not content.';

GRANT EXECUTE ON FUNCTION ticketing.create_pending_transaction(
    uuid, text, text, uuid, uuid, uuid, uuid, text, numeric, uuid, text, integer, integer
) TO ticketing_app, ticketing_worker;
