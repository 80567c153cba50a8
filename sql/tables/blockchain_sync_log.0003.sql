CREATE TABLE ticketing.blockchain_sync_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_type text NOT NULL,
    tx_signature text,
    ticket_id uuid,
    db_state jsonb,
    blockchain_state jsonb,
    action_taken text,
    resolution text,
    severity text NOT NULL DEFAULT 'info',
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_blockchain_sync_log PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_blockchain_sync_log_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_blockchain_sync_log_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_blockchain_sync_log_event_type CHECK (
        event_type IN (
            'transaction_confirmed', 'transaction_failed', 'transaction_expired',
            'transaction_replaced', 'transaction_late_landing', 'reconciliation_mismatch',
            'reconciliation_resolved', 'ownership_verified', 'ownership_mismatch',
            'balance_check', 'rpc_error', 'manual_intervention', 'status_changed'
        )
    ),
    CONSTRAINT chk_blockchain_sync_log_severity CHECK (
        severity IN ('info', 'warning', 'error', 'critical')
    )
);

CREATE INDEX idx_sync_log_severity
    ON ticketing.blockchain_sync_log (severity, created_at DESC)
    WHERE severity IN ('error', 'critical');
CREATE INDEX idx_sync_log_ticket_id
    ON ticketing.blockchain_sync_log (tenant_id, ticket_id, created_at)
    WHERE ticket_id IS NOT NULL;

ALTER TABLE ticketing.blockchain_sync_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.blockchain_sync_log FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.blockchain_sync_log IS
    'One row is one thing that was found or done where database and chain meet. Triggers add a row '
    'with each change of status of a transaction; a reconciler that compares the chain with the '
    'tables inserts what it finds and repairs nothing silently. Append-only: rows are neither '
    'changed nor deleted. Grows by two or three rows per transaction. Severity critical wants a '
    'person.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.event_type IS
    'What happened. Of a transaction: transaction_confirmed, transaction_failed, '
    'transaction_expired, transaction_replaced, transaction_late_landing (it turned up after it '
    'had been given up), status_changed (any other move). Of a comparison: reconciliation_mismatch '
    'and reconciliation_resolved, ownership_verified and ownership_mismatch, balance_check. '
    'Besides: rpc_error, manual_intervention.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.tx_signature IS
    'Signature of the transaction concerned, base58; need not be one that was recorded here. NULL '
    'when the entry is about none.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.ticket_id IS
    'Ticket concerned. NULL when the entry is about none.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.db_state IS
    'What the database said at that moment, as JSON. NULL when it was not looked at.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.blockchain_state IS
    'What the chain said at that moment, as JSON. NULL when it was not asked.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.action_taken IS
    'What was done about it, in words. NULL when nothing was.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.resolution IS
    'How it ended, in words, where the entry closes an earlier one. NULL otherwise.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.severity IS
    'How bad it is: info, warning (look when there is time), error (a transaction failed), '
    'critical (chain and database disagree about what exists; look now).';
COMMENT ON COLUMN ticketing.blockchain_sync_log.metadata IS
    'Further details as a JSON object, such as network, transaction and reason; empty when there '
    'are none, never read by this schema.';
COMMENT ON COLUMN ticketing.blockchain_sync_log.created_at IS
    'When the entry was made, by the wall clock: entries within one transaction keep their order.';
COMMENT ON CONSTRAINT pk_blockchain_sync_log ON ticketing.blockchain_sync_log IS
    'One row per entry of a tenant.';
COMMENT ON CONSTRAINT fk_blockchain_sync_log_tenant_id ON ticketing.blockchain_sync_log IS
    'The entry belongs to a known tenant, which cannot be deleted while it has entries.';
COMMENT ON CONSTRAINT fk_blockchain_sync_log_ticket_id ON ticketing.blockchain_sync_log IS
    'The ticket belongs to the same tenant and cannot be deleted while it has entries, so that the '
    'record is never lost with it.';
COMMENT ON CONSTRAINT chk_blockchain_sync_log_event_type ON ticketing.blockchain_sync_log IS
    'The entry is of one of the thirteen known kinds, so that alerts can name them.';
COMMENT ON CONSTRAINT chk_blockchain_sync_log_severity ON ticketing.blockchain_sync_log IS
    'The severity is one of four levels.';
COMMENT ON INDEX ticketing.idx_sync_log_severity IS
    'Serves alerting: errors and critical entries, newest first.';
COMMENT ON INDEX ticketing.idx_sync_log_ticket_id IS
    'Serves the log of one ticket in order of time and covers the foreign key to tickets.';

GRANT SELECT ON ticketing.blockchain_sync_log
    TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.blockchain_sync_log TO ticketing_app, ticketing_worker;
