CREATE TABLE ticketing.ticket_price_history (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_type_id uuid NOT NULL,
    old_price_cents bigint,
    new_price_cents bigint NOT NULL,
    currency text NOT NULL DEFAULT 'USD',
    changed_by uuid,
    reason text,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT pk_ticket_price_history PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_price_history_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_price_history_ticket_type_id FOREIGN KEY (tenant_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_price_history_prices CHECK (
        new_price_cents >= 0
        AND (old_price_cents IS NULL OR old_price_cents >= 0)
        AND old_price_cents IS DISTINCT FROM new_price_cents
    ),
    CONSTRAINT chk_ticket_price_history_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX idx_ticket_price_history_ticket_type_id
    ON ticketing.ticket_price_history (tenant_id, ticket_type_id);

ALTER TABLE ticketing.ticket_price_history ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_price_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_price_history IS
    'One row is one change of a ticket type''s price. The price history trigger on ticket_types '
    'writes it whenever price_cents changes; rows are only added and are kept for good, a few per '
    'ticket type. Never insert, change or delete rows by hand: they prove which price was on '
    'offer when.';
COMMENT ON COLUMN ticketing.ticket_price_history.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_price_history.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_price_history.ticket_type_id IS
    'Ticket type whose price changed.';
COMMENT ON COLUMN ticketing.ticket_price_history.old_price_cents IS
    'Price before the change, in minor units of currency. NULL in the first row of a type, which '
    'records its opening price.';
COMMENT ON COLUMN ticketing.ticket_price_history.new_price_cents IS
    'Price after the change, in minor units of currency.';
COMMENT ON COLUMN ticketing.ticket_price_history.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.ticket_price_history.changed_by IS
    'Id of the person or service that changed the price; not tied to users. NULL when nobody was '
    'named.';
COMMENT ON COLUMN ticketing.ticket_price_history.reason IS
    'Why the price was changed, in words. NULL when no reason was given.';
COMMENT ON COLUMN ticketing.ticket_price_history.changed_at IS
    'When the price changed, by the wall clock: changes within one transaction keep their order.';
COMMENT ON CONSTRAINT pk_ticket_price_history ON ticketing.ticket_price_history IS
    'One row per price change of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_price_history_tenant_id ON ticketing.ticket_price_history IS
    'Every price change belongs to a known tenant; a tenant cannot be deleted while it has price '
    'history.';
COMMENT ON CONSTRAINT fk_ticket_price_history_ticket_type_id ON ticketing.ticket_price_history IS
    'The ticket type belongs to the same tenant; it cannot be deleted while price history refers '
    'to it, so the record survives.';
COMMENT ON CONSTRAINT chk_ticket_price_history_prices ON ticketing.ticket_price_history IS
    'Prices are zero or more, and the new one differs from the old; prevents entries that record '
    'no change.';
COMMENT ON CONSTRAINT chk_ticket_price_history_currency ON ticketing.ticket_price_history IS
    'The currency has the form of an ISO 4217 code: three capital letters.';
COMMENT ON INDEX ticketing.idx_ticket_price_history_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds the price changes of a ticket type.';

GRANT SELECT ON ticketing.ticket_price_history
    TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_price_history TO ticketing_app, ticketing_worker;
