CREATE TABLE ticketing.ticket_types (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid NOT NULL,
    name text NOT NULL,
    description text,
    category text,
    price_cents bigint NOT NULL,
    currency text NOT NULL DEFAULT 'USD',
    price numeric(14, 2) GENERATED ALWAYS AS (price_cents::numeric / 100::numeric) STORED,
    min_purchase integer NOT NULL DEFAULT 1,
    max_purchase integer NOT NULL DEFAULT 10,
    max_per_user integer,
    sale_start timestamptz NOT NULL,
    sale_end timestamptz NOT NULL,
    is_active boolean NOT NULL DEFAULT TRUE,
    metadata jsonb NOT NULL DEFAULT '{}'::jsonb,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_types PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ticket_types_event_name UNIQUE (tenant_id, event_id, name),
    CONSTRAINT uq_ticket_types_event_id UNIQUE (tenant_id, event_id, id),
    CONSTRAINT fk_ticket_types_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_types_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_types_price_positive CHECK (price_cents >= 0),
    CONSTRAINT chk_ticket_types_purchase_limits CHECK (
        min_purchase >= 1
        AND max_purchase >= min_purchase
        AND (max_per_user IS NULL OR max_per_user >= 1)
    ),
    CONSTRAINT chk_ticket_types_sale_period CHECK (sale_start < sale_end),
    CONSTRAINT chk_ticket_types_currency CHECK (currency ~ '^[A-Z]{3}$')
);

ALTER TABLE ticketing.ticket_types ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_types FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_types IS
    'One row is one product that an event sells, such as standing or early entry, with its price, '
    'limits and sale period. Written by the tenant''s own service; a type is withdrawn with '
    'is_active, not deleted. How many are left is not stored here but in ticket_inventory, so '
    'that buyers do not contend for this row.';
COMMENT ON COLUMN ticketing.ticket_types.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_types.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_types.event_id IS
    'Event that sells this type; fixed once the row exists.';
COMMENT ON COLUMN ticketing.ticket_types.name IS
    'Name of the type as buyers see it, unique inside the event.';
COMMENT ON COLUMN ticketing.ticket_types.description IS
    'Longer text for buyers; NULL when there is none.';
COMMENT ON COLUMN ticketing.ticket_types.category IS
    'Free label for grouping types in lists and reports; NULL when ungrouped.';
COMMENT ON COLUMN ticketing.ticket_types.price_cents IS
    'Price of one ticket in minor units of currency, zero for a free one. Every change leaves a '
    'row in ticket_price_history.';
COMMENT ON COLUMN ticketing.ticket_types.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.ticket_types.price IS
    'The price with two decimals, generated as price_cents divided by 100 and never written; for '
    'display, since it is wrong for a currency without two decimals.';
COMMENT ON COLUMN ticketing.ticket_types.min_purchase IS
    'Fewest tickets of this type in one purchase, at least 1.';
COMMENT ON COLUMN ticketing.ticket_types.max_purchase IS
    'Upper limit of tickets of this type in one purchase.';
COMMENT ON COLUMN ticketing.ticket_types.max_per_user IS
    'Most tickets of this type for one user over all orders; NULL means no limit.';
COMMENT ON COLUMN ticketing.ticket_types.sale_start IS
    'When the sale opens; a reservation before it is refused.';
COMMENT ON COLUMN ticketing.ticket_types.sale_end IS
    'When the sale closes; a reservation after it is refused.';
COMMENT ON COLUMN ticketing.ticket_types.is_active IS
    'TRUE while the type may be sold; FALSE refuses new reservations and leaves those already '
    'made as they are.';
COMMENT ON COLUMN ticketing.ticket_types.metadata IS
    'Free attributes of the caller; never read by this schema.';
COMMENT ON COLUMN ticketing.ticket_types.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.ticket_types.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.ticket_types.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_types ON ticketing.ticket_types IS
    'One row per ticket type of a tenant.';
COMMENT ON CONSTRAINT uq_ticket_types_event_name ON ticketing.ticket_types IS
    'An event has no two types of the same name, compared letter by letter, so that a buyer can '
    'tell them apart.';
COMMENT ON CONSTRAINT uq_ticket_types_event_id ON ticketing.ticket_types IS
    'Target of the foreign keys that carry the event as well, so that a reservation or ticket '
    'cannot name the type of another event; also covers the foreign key to events.';
COMMENT ON CONSTRAINT fk_ticket_types_tenant_id ON ticketing.ticket_types IS
    'The ticket type belongs to a known tenant, which cannot be deleted while it has ticket types.';
COMMENT ON CONSTRAINT fk_ticket_types_event_id ON ticketing.ticket_types IS
    'The event belongs to the same tenant and cannot be deleted while it has ticket types.';
COMMENT ON CONSTRAINT chk_ticket_types_price_positive ON ticketing.ticket_types IS
    'A price is zero (free) or more.';
COMMENT ON CONSTRAINT chk_ticket_types_purchase_limits ON ticketing.ticket_types IS
    'One purchase takes at least one ticket, the upper limit is not below the lower one, and a '
    'limit per user is at least 1.';
COMMENT ON CONSTRAINT chk_ticket_types_sale_period ON ticketing.ticket_types IS
    'The sale closes after it opens; an empty period could never sell anything.';
COMMENT ON CONSTRAINT chk_ticket_types_currency ON ticketing.ticket_types IS
    'The currency is three capital letters; whether the code exists is not tested.';

GRANT SELECT ON ticketing.ticket_types TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_types TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    name, description, category, price_cents, currency, min_purchase, max_purchase,
    max_per_user, sale_start, sale_end, is_active, metadata
) ON ticketing.ticket_types TO ticketing_app, ticketing_worker;
