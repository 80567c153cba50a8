CREATE TABLE ticketing.ticket_audit_log (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_id uuid,
    action text NOT NULL,
    performed_by uuid,
    performed_by_type text NOT NULL DEFAULT 'system',
    old_values jsonb,
    new_values jsonb,
    ip_address inet,
    user_agent text,
    request_id text,
    performed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_ticket_audit_log PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_audit_log_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_audit_log_actor CHECK (
        performed_by_type IN ('user', 'system', 'admin', 'service')
    ),
    CONSTRAINT chk_ticket_audit_log_action CHECK (length(action) BETWEEN 1 AND 50)
);

CREATE INDEX idx_ticket_audit_log_ticket
    ON ticketing.ticket_audit_log (tenant_id, ticket_id, performed_at DESC);

ALTER TABLE ticketing.ticket_audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_audit_log FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_audit_log IS
    'One row is one audited action, as a rule on a ticket: who did what, from where, and what it '
    'changed. Services and workers only insert, so the table grows with every audited action. '
    'Never change or delete a row: the log must outlive the ticket it speaks of.';
COMMENT ON COLUMN ticketing.ticket_audit_log.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_audit_log.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_audit_log.ticket_id IS
    'Ticket acted upon; on purpose without a foreign key, so that the entry outlives it. NULL '
    'when the action concerns no single ticket.';
COMMENT ON COLUMN ticketing.ticket_audit_log.action IS
    'Name of the action, a short word of the caller''s choice, 1 to 50 characters.';
COMMENT ON COLUMN ticketing.ticket_audit_log.performed_by IS
    'Id of the user or service that acted; not tied to users. NULL when nobody was named.';
COMMENT ON COLUMN ticketing.ticket_audit_log.performed_by_type IS
    'Kind of actor: user (buyer or holder), admin (staff of the tenant), service (another '
    'service), system (automatic job).';
COMMENT ON COLUMN ticketing.ticket_audit_log.old_values IS
    'Values before the action, as a JSON object of the columns concerned. NULL when there were '
    'none, as for a creation.';
COMMENT ON COLUMN ticketing.ticket_audit_log.new_values IS
    'Values after the action, as a JSON object of the columns concerned. NULL when there are none.';
COMMENT ON COLUMN ticketing.ticket_audit_log.ip_address IS
    'Network address the request came from. Personal data. NULL for work without a client.';
COMMENT ON COLUMN ticketing.ticket_audit_log.user_agent IS
    'Client program as it named itself in the request. NULL for work without a client.';
COMMENT ON COLUMN ticketing.ticket_audit_log.request_id IS
    'Identifier of the request, to find the same action in the logs of the services. NULL when '
    'there was none.';
COMMENT ON COLUMN ticketing.ticket_audit_log.performed_at IS
    'When the action took place, by the wall clock unless given: entries of one transaction keep '
    'their order.';
COMMENT ON CONSTRAINT pk_ticket_audit_log ON ticketing.ticket_audit_log IS
    'One row per audited action of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_audit_log_tenant_id ON ticketing.ticket_audit_log IS
    'Every entry belongs to a known tenant; a tenant cannot be deleted while it has audit entries.';
COMMENT ON CONSTRAINT chk_ticket_audit_log_actor ON ticketing.ticket_audit_log IS
    'The kind of actor is one of the four known ones.';
COMMENT ON CONSTRAINT chk_ticket_audit_log_action ON ticketing.ticket_audit_log IS
    'The action is named, in at most 50 characters.';
COMMENT ON INDEX ticketing.idx_ticket_audit_log_ticket IS
    'Serves the audit trail of one ticket, newest first.';

GRANT SELECT ON ticketing.ticket_audit_log TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_audit_log TO ticketing_app, ticketing_worker;
