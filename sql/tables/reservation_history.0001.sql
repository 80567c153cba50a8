CREATE TABLE ticketing.reservation_history (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    reservation_id uuid NOT NULL,
    order_id uuid,
    user_id uuid,
    status_from text,
    status_to text NOT NULL,
    quantity integer NOT NULL,
    reason text,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_reservation_history PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_reservation_history_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_reservation_history_reservation_id FOREIGN KEY (tenant_id, reservation_id)
        REFERENCES ticketing.reservations (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_reservation_history_statuses CHECK (
        (status_from IS NULL OR status_from IN ('pending', 'confirmed', 'expired', 'cancelled'))
        AND status_to IN ('pending', 'confirmed', 'expired', 'cancelled')
        AND status_from IS DISTINCT FROM status_to
    )
);

CREATE INDEX idx_reservation_history_reservation
    ON ticketing.reservation_history (tenant_id, reservation_id, created_at);

ALTER TABLE ticketing.reservation_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.reservation_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.reservation_history IS
    'One row is one change of status of a reservation, its creation included. Added by trigger '
    'with the change itself and append-only: rows are neither changed nor deleted. '
    'Grows by two or three rows per reservation.';
COMMENT ON COLUMN ticketing.reservation_history.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.reservation_history.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.reservation_history.reservation_id IS
    'Reservation whose status changed.';
COMMENT ON COLUMN ticketing.reservation_history.order_id IS
    'Order of the reservation at that moment; NULL when it had none. A copy without a foreign key.';
COMMENT ON COLUMN ticketing.reservation_history.user_id IS
    'Buyer of the reservation at that moment, not the one who made the change; NULL for a guest. '
    'A copy without a foreign key.';
COMMENT ON COLUMN ticketing.reservation_history.status_from IS
    'Status before the change: pending, confirmed, expired or cancelled; NULL for the creation.';
COMMENT ON COLUMN ticketing.reservation_history.status_to IS
    'Status after the change: pending, confirmed, expired or cancelled.';
COMMENT ON COLUMN ticketing.reservation_history.quantity IS
    'Number of tickets of the reservation at that moment.';
COMMENT ON COLUMN ticketing.reservation_history.reason IS
    'Why the status changed, as stated with the change; NULL when nothing was stated.';
COMMENT ON COLUMN ticketing.reservation_history.metadata IS
    'Further details of the change as a JSON object; empty when there are none, never read by '
    'this schema.';
COMMENT ON COLUMN ticketing.reservation_history.created_at IS
    'When the change was logged, by the wall clock: changes within one transaction keep their '
    'order.';
COMMENT ON CONSTRAINT pk_reservation_history ON ticketing.reservation_history IS
    'One row per recorded change of a tenant.';
COMMENT ON CONSTRAINT fk_reservation_history_tenant_id ON ticketing.reservation_history IS
    'The entry belongs to a known tenant, which cannot be deleted while it has history.';
COMMENT ON CONSTRAINT fk_reservation_history_reservation_id ON ticketing.reservation_history IS
    'The reservation belongs to the same tenant and cannot be deleted while it has history, so '
    'that the record is never lost with it.';
COMMENT ON CONSTRAINT chk_reservation_history_statuses ON ticketing.reservation_history IS
    'Both statuses are known ones and differ; only the creation has no status before. An update '
    'that leaves the status alone is no entry.';
COMMENT ON INDEX ticketing.idx_reservation_history_reservation IS
    'Serves the history of one reservation in order of time and covers the foreign key to '
    'reservations.';

GRANT SELECT ON ticketing.reservation_history
    TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.reservation_history TO ticketing_app, ticketing_worker;
