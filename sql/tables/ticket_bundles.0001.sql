CREATE TABLE ticketing.ticket_bundles (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid,
    name text NOT NULL,
    description text,
    price_cents bigint NOT NULL,
    currency text NOT NULL DEFAULT 'USD',
    discount_percentage numeric(5, 2),
    is_active boolean NOT NULL DEFAULT TRUE,
    valid_from timestamptz,
    valid_until timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_bundles PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ticket_bundles_name UNIQUE (tenant_id, name),
    CONSTRAINT fk_ticket_bundles_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_bundles_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_bundles_price_positive CHECK (price_cents >= 0),
    CONSTRAINT chk_ticket_bundles_discount CHECK (
        discount_percentage IS NULL
        OR discount_percentage BETWEEN 0 AND 100
    ),
    CONSTRAINT chk_ticket_bundles_dates CHECK (
        valid_from IS NULL
        OR valid_until IS NULL
        OR valid_from <= valid_until
    ),
    CONSTRAINT chk_ticket_bundles_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX idx_ticket_bundles_event_id
    ON ticketing.ticket_bundles (tenant_id, event_id)
    WHERE event_id IS NOT NULL;

ALTER TABLE ticketing.ticket_bundles ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_bundles FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_bundles IS
    'One row is one offer that sells several ticket types together at one price. Services write '
    'it; the table grows with the catalogue, not with sales. Deleting a row deletes its items '
    'too; to stop selling, clear is_active instead.';
COMMENT ON COLUMN ticketing.ticket_bundles.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_bundles.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_bundles.event_id IS
    'Event the bundle belongs to. NULL: the bundle spans several events.';
COMMENT ON COLUMN ticketing.ticket_bundles.name IS
    'Name of the bundle; unique inside the tenant, across events.';
COMMENT ON COLUMN ticketing.ticket_bundles.description IS
    'Text for buyers. NULL: none.';
COMMENT ON COLUMN ticketing.ticket_bundles.price_cents IS
    'Price of one whole bundle, in minor units of currency; 0 is free.';
COMMENT ON COLUMN ticketing.ticket_bundles.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.ticket_bundles.discount_percentage IS
    'Saving against the separate prices, in percent from 0 to 100. NULL: not stated.';
COMMENT ON COLUMN ticketing.ticket_bundles.is_active IS
    'TRUE: offered, within its dates. FALSE: withdrawn from sale, kept for later.';
COMMENT ON COLUMN ticketing.ticket_bundles.valid_from IS
    'When sale of the bundle starts. NULL: no start limit.';
COMMENT ON COLUMN ticketing.ticket_bundles.valid_until IS
    'When sale of the bundle ends. NULL: no end limit.';
COMMENT ON COLUMN ticketing.ticket_bundles.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.ticket_bundles.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.ticket_bundles.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_bundles ON ticketing.ticket_bundles IS
    'One row per bundle of a tenant.';
COMMENT ON CONSTRAINT uq_ticket_bundles_name ON ticketing.ticket_bundles IS
    'One bundle per name of a tenant; another tenant may use the same name.';
COMMENT ON CONSTRAINT fk_ticket_bundles_tenant_id ON ticketing.ticket_bundles IS
    'The tenant must exist; it cannot be deleted while it has bundles.';
COMMENT ON CONSTRAINT fk_ticket_bundles_event_id ON ticketing.ticket_bundles IS
    'The event belongs to the same tenant; it cannot be deleted while bundles refer to it.';
COMMENT ON CONSTRAINT chk_ticket_bundles_price_positive ON ticketing.ticket_bundles IS
    'The price is not negative; free bundles are allowed.';
COMMENT ON CONSTRAINT chk_ticket_bundles_discount ON ticketing.ticket_bundles IS
    'The stated saving lies between 0 and 100 percent.';
COMMENT ON CONSTRAINT chk_ticket_bundles_dates ON ticketing.ticket_bundles IS
    'When both dates are set, sale does not end before it starts.';
COMMENT ON CONSTRAINT chk_ticket_bundles_currency ON ticketing.ticket_bundles IS
    'The currency is three capital letters.';
COMMENT ON INDEX ticketing.idx_ticket_bundles_event_id IS
    'Covers the foreign key to events: finds the bundles of an event.';

GRANT SELECT ON ticketing.ticket_bundles TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_bundles TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    event_id, name, description, price_cents, currency, discount_percentage, is_active,
    valid_from, valid_until
) ON ticketing.ticket_bundles TO ticketing_app, ticketing_worker;
GRANT DELETE ON ticketing.ticket_bundles TO ticketing_app, ticketing_worker;
