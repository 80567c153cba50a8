CREATE OR REPLACE FUNCTION ticketing.log_transaction_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    INSERT INTO ticketing.blockchain_sync_log (
        tenant_id, event_type, tx_signature, ticket_id, db_state, blockchain_state, action_taken,
        severity, metadata
    )
    SELECT
        n.tenant_id,
        CASE
            WHEN o.status = 'expired' AND n.status = 'confirmed' THEN 'transaction_late_landing'
            WHEN n.status IN ('confirmed', 'failed', 'expired', 'replaced')
                THEN format('transaction_%s', n.status)
            ELSE 'status_changed'
        END,
        n.tx_signature,
        n.ticket_id,
        jsonb_build_object(
            'status_from', o.status,
            'status_to', n.status,
            'attempt', n.attempt,
            'retry_count', n.retry_count,
            'version', n.version
        ),
        jsonb_strip_nulls(
            jsonb_build_object(
                'commitment', n.commitment,
                'slot', n.slot,
                'block_time', n.block_time,
                'not_found_at_height', n.not_found_at_height,
                'last_valid_block_height', n.last_valid_block_height,
                'error_code', n.error_code
            )
        ),
        format('%s set from %s to %s', n.tx_type, o.status, n.status),
        CASE
            WHEN n.status = 'failed' THEN 'error'
            WHEN n.status = 'expired' OR o.status = 'expired' AND n.status = 'confirmed'
                THEN 'warning'
            WHEN n.status = 'pending' THEN 'warning'
            ELSE 'info'
        END,
        jsonb_strip_nulls(
            jsonb_build_object(
                'network', n.network,
                'transaction_id', n.id,
                'reason', ticketing.status_change_reason()
            )
        )
    FROM new_rows AS n
    INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
    WHERE n.status <> o.status;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_transaction_change() IS
    'Statement trigger of pending_transactions: one row of blockchain_sync_log for each change of '
    'status, with both statuses, what is known of the chain, and the reason from '
    'app.status_change_reason. A failure is an error; expiry, a late landing and a fall back to '
    'pending are warnings.';
