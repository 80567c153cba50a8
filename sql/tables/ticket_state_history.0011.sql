CREATE TABLE ticketing.ticket_state_history (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    ticket_id uuid NOT NULL,
    previous_status text,
    new_status text NOT NULL,
    changed_by uuid,
    changed_by_type text NOT NULL DEFAULT 'system',
    reason text,
    source text,
    ticket_version bigint,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_ticket_state_history PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_state_history_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_state_history_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_state_history_statuses CHECK (
        new_status IN (
            'available', 'reserved', 'sold', 'minted', 'active', 'transferred', 'checked_in',
            'used', 'revoked', 'refunded', 'expired', 'cancelled'
        )
        AND (
            previous_status IS NULL
            OR previous_status IN (
                'available', 'reserved', 'sold', 'minted', 'active', 'transferred', 'checked_in',
                'used', 'revoked', 'refunded', 'expired', 'cancelled'
            )
        )
        AND previous_status IS DISTINCT FROM new_status
    ),
    CONSTRAINT chk_ticket_state_history_actor CHECK (
        changed_by_type IN ('user', 'system', 'admin', 'service')
    ),
    CONSTRAINT chk_ticket_state_history_manual CHECK (
        ticket_version IS NOT NULL
        OR coalesce(source, '') IN ('import', 'migration')
    ),
    CONSTRAINT chk_ticket_state_history_metadata CHECK (jsonb_typeof(metadata) = 'object')
);

CREATE UNIQUE INDEX uq_ticket_state_history_version
    ON ticketing.ticket_state_history (tenant_id, ticket_id, ticket_version)
    WHERE ticket_version IS NOT NULL;
CREATE INDEX idx_ticket_state_history_ticket
    ON ticketing.ticket_state_history (tenant_id, ticket_id, changed_at DESC, seq DESC);

ALTER TABLE ticketing.ticket_state_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_state_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_state_history IS
    'One row is one change of a ticket''s status, its creation included: what it was, what it '
    'became, who did it and why. Written by trigger together with the change, by nobody else '
    'except log_ticket_status_change_manual for imports; append-only. Grows by five to ten rows a '
    'ticket. Tickets that are older than revision 0011 have no rows from before it.';
COMMENT ON COLUMN ticketing.ticket_state_history.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_state_history.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_state_history.seq IS
    'Order of insertion. Of changes with the same changed_at the greater one is the later one. '
    'Counts over all tenants and has gaps; show it to nobody.';
COMMENT ON SEQUENCE ticketing.ticket_state_history_seq_seq IS
    'Numbers the changes of all tenants, to tell apart those of one moment; a transaction that '
    'is rolled back leaves a gap.';
COMMENT ON COLUMN ticketing.ticket_state_history.ticket_id IS
    'Ticket whose status changed.';
COMMENT ON COLUMN ticketing.ticket_state_history.previous_status IS
    'Status before the change; NULL for the creation of the ticket.';
COMMENT ON COLUMN ticketing.ticket_state_history.new_status IS
    'Status after the change.';
COMMENT ON COLUMN ticketing.ticket_state_history.changed_by IS
    'User who made the change, from app.current_user_id; NULL when a service or a rule did. A copy '
    'without a foreign key.';
COMMENT ON COLUMN ticketing.ticket_state_history.changed_by_type IS
    'Kind of actor: user, system, admin or service, from app.actor_type.';
COMMENT ON COLUMN ticketing.ticket_state_history.reason IS
    'Why, from tickets.status_reason or app.status_change_reason; NULL when nothing was said and '
    'the change needs no reason.';
COMMENT ON COLUMN ticketing.ticket_state_history.source IS
    'Where the change came from: api, job, scanner, import, chain, migration or what else '
    'app.status_change_source held; NULL when nothing was said.';
COMMENT ON COLUMN ticketing.ticket_state_history.ticket_version IS
    'tickets.version after the change; NULL for a row that was logged by hand for an import.';
COMMENT ON COLUMN ticketing.ticket_state_history.metadata IS
    'Further facts of the moment as a JSON object: event_id, old_user_id, new_user_id, '
    'price_cents, token_mint, those that there are.';
COMMENT ON COLUMN ticketing.ticket_state_history.changed_at IS
    'When the status changed, by the wall clock; for an import, when it changed at the source.';
COMMENT ON COLUMN ticketing.ticket_state_history.created_at IS
    'When the row was inserted here.';
COMMENT ON CONSTRAINT pk_ticket_state_history ON ticketing.ticket_state_history IS
    'One row per recorded change of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_state_history_tenant_id ON ticketing.ticket_state_history IS
    'The entry belongs to a known tenant, which cannot be deleted while it has history.';
COMMENT ON CONSTRAINT fk_ticket_state_history_ticket_id ON ticketing.ticket_state_history IS
    'The ticket belongs to the same tenant and cannot be deleted while it has history, so that '
    'the record is never lost with it.';
COMMENT ON CONSTRAINT chk_ticket_state_history_statuses ON ticketing.ticket_state_history IS
    'Both statuses are among the twelve and differ; only the creation has none before.';
COMMENT ON CONSTRAINT chk_ticket_state_history_actor ON ticketing.ticket_state_history IS
    'The actor is of one of the four kinds.';
COMMENT ON CONSTRAINT chk_ticket_state_history_manual ON ticketing.ticket_state_history IS
    'A row without the version of the ticket was logged by hand and says so: import or migration.';
COMMENT ON CONSTRAINT chk_ticket_state_history_metadata ON ticketing.ticket_state_history IS
    'Metadata is a JSON object, so that readers can pick keys.';
COMMENT ON INDEX ticketing.uq_ticket_state_history_version IS
    'A change of a ticket is logged once; finds the row of a version.';
COMMENT ON INDEX ticketing.idx_ticket_state_history_ticket IS
    'Serves the history of one ticket, newest first, and covers the foreign key to tickets.';

GRANT SELECT ON ticketing.ticket_state_history
    TO ticketing_app, ticketing_worker, ticketing_readonly;
