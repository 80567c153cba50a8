CREATE TABLE ticketing.audit_events (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    event_type text NOT NULL,
    ticket_id uuid,
    user_id uuid,
    data jsonb NOT NULL DEFAULT '{}'::jsonb,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_audit_events PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_audit_events_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_audit_events_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.request_tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_audit_events_type CHECK (
        event_type IN (
            'service_started', 'service_stopped', 'ticket_created', 'ticket_updated',
            'ticket_claimed', 'ticket_released', 'ticket_cancelled', 'ticket_state_changed'
        )
    ),
    CONSTRAINT chk_audit_events_ticket CHECK (
        (event_type IN ('service_started', 'service_stopped')) = (ticket_id IS NULL)
    ),
    CONSTRAINT chk_audit_events_data CHECK (jsonb_typeof(data) = 'object')
);

CREATE INDEX idx_audit_events_ticket
    ON ticketing.audit_events (tenant_id, ticket_id, seq);
CREATE INDEX idx_audit_events_type
    ON ticketing.audit_events (tenant_id, event_type, seq);

ALTER TABLE ticketing.audit_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.audit_events FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.audit_events IS
    'One row is one thing that happened to a request ticket, or a service that started or stopped. '
    'Written by the trigger of request_tickets together with the change, and by '
    'record_audit_event; by nobody else; append-only. Grows by three to five rows a request.';
COMMENT ON COLUMN ticketing.audit_events.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.audit_events.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.audit_events.seq IS
    'Order of insertion: of two events of a request the greater one is the later one. Counts over '
    'all tenants and has gaps; show it to nobody.';
COMMENT ON SEQUENCE ticketing.audit_events_seq_seq IS
    'Numbers the events of all tenants; a transaction that is rolled back leaves a gap, which '
    'no missing event is behind.';
COMMENT ON COLUMN ticketing.audit_events.event_type IS
    'service_started, service_stopped; ticket_created, ticket_updated (priority or wish changed), '
    'ticket_claimed, ticket_released (claim given back), ticket_cancelled, ticket_state_changed '
    '(completed or failed).';
COMMENT ON COLUMN ticketing.audit_events.ticket_id IS
    'Request ticket that it happened to; NULL exactly for events of a service.';
COMMENT ON COLUMN ticketing.audit_events.user_id IS
    'User who did it, from app.current_user_id; without one, whoever the request names as its '
    'creator or canceller, else NULL: a service or a worker. A copy without a foreign key.';
COMMENT ON COLUMN ticketing.audit_events.data IS
    'What happened, as a JSON object: ticket_id and, by type, created_by, priority, query_context '
    'and dest_path; changes; claimed_by, claim_number and claimed_until; cancelled_by, reason and '
    'previous_state; previous_state, new_state and error. May hold personal data.';
COMMENT ON COLUMN ticketing.audit_events.occurred_at IS
    'When it happened, by the wall clock.';
COMMENT ON CONSTRAINT pk_audit_events ON ticketing.audit_events IS
    'One row per event of a tenant.';
COMMENT ON CONSTRAINT fk_audit_events_tenant_id ON ticketing.audit_events IS
    'The event belongs to a known tenant, which cannot be deleted while it has events.';
COMMENT ON CONSTRAINT fk_audit_events_ticket_id ON ticketing.audit_events IS
    'The request belongs to the same tenant and cannot be deleted while it has events, so that the '
    'record is never lost with it.';
COMMENT ON CONSTRAINT chk_audit_events_type ON ticketing.audit_events IS
    'The event is of one of the eight known kinds.';
COMMENT ON CONSTRAINT chk_audit_events_ticket ON ticketing.audit_events IS
    'An event of a service names no request, every other names one.';
COMMENT ON CONSTRAINT chk_audit_events_data ON ticketing.audit_events IS
    'Data is a JSON object, so that readers can pick keys.';
COMMENT ON INDEX ticketing.idx_audit_events_ticket IS
    'Serves the record of one request in its order, and covers the foreign key to it.';
COMMENT ON INDEX ticketing.idx_audit_events_type IS
    'Serves the events of one kind, newest or oldest first.';

GRANT SELECT ON ticketing.audit_events TO ticketing_app, ticketing_worker, ticketing_readonly;
