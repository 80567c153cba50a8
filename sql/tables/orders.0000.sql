CREATE TABLE ticketing.orders (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    user_id uuid,
    event_id uuid,
    order_number text NOT NULL,
    status text NOT NULL DEFAULT 'pending',
    subtotal_cents bigint NOT NULL DEFAULT 0,
    discount_cents bigint NOT NULL DEFAULT 0,
    fees_cents bigint NOT NULL DEFAULT 0,
    tax_cents bigint NOT NULL DEFAULT 0,
    total_cents bigint NOT NULL DEFAULT 0,
    paid_cents bigint NOT NULL DEFAULT 0,
    refunded_cents bigint NOT NULL DEFAULT 0,
    currency text NOT NULL DEFAULT 'USD',
    expires_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_orders PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_orders_tenant_number UNIQUE (tenant_id, order_number),
    CONSTRAINT fk_orders_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_orders_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_orders_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_orders_status CHECK (
        status IN (
            'pending', 'awaiting_payment', 'confirmed', 'completed', 'cancelled', 'expired',
            'refunded', 'partially_refunded', 'failed'
        )
    ),
    CONSTRAINT chk_orders_amounts_positive CHECK (
        subtotal_cents >= 0
        AND discount_cents >= 0
        AND fees_cents >= 0
        AND tax_cents >= 0
        AND total_cents >= 0
        AND paid_cents >= 0
        AND refunded_cents >= 0
    ),
    CONSTRAINT chk_orders_total CHECK (
        total_cents = subtotal_cents - discount_cents + fees_cents + tax_cents
    ),
    CONSTRAINT chk_orders_refund_ceiling CHECK (refunded_cents <= paid_cents),
    CONSTRAINT chk_orders_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE INDEX idx_orders_user_id
    ON ticketing.orders (tenant_id, user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX idx_orders_event_id
    ON ticketing.orders (tenant_id, event_id)
    WHERE event_id IS NOT NULL;
CREATE INDEX idx_orders_unpaid_expiry
    ON ticketing.orders (expires_at)
    WHERE status IN ('pending', 'awaiting_payment');

ALTER TABLE ticketing.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.orders FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.orders IS
    'One row is one order of a tenant, a local copy from the order service. Written by '
    'ticketing_worker as messages arrive, except refunded_cents, which a trigger keeps here. '
    'Grows with every sale and is never deleted; never edit an amount by hand, because refunds '
    'are limited by paid_cents.';
COMMENT ON COLUMN ticketing.orders.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.orders.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.orders.user_id IS
    'Buyer; NULL for a guest checkout.';
COMMENT ON COLUMN ticketing.orders.event_id IS
    'Event the order is for; NULL when the owner names no single event.';
COMMENT ON COLUMN ticketing.orders.order_number IS
    'Number of the order as the buyer sees it, given by the order service; unique inside the '
    'tenant.';
COMMENT ON COLUMN ticketing.orders.status IS
    'State at the owner: pending, awaiting_payment, confirmed (accepted), completed (done), '
    'cancelled, expired (not paid in time), refunded (all money back), partially_refunded, failed '
    '(payment did not succeed).';
COMMENT ON COLUMN ticketing.orders.subtotal_cents IS
    'Sum of the items before discounts, fees and taxes, in minor units of currency.';
COMMENT ON COLUMN ticketing.orders.discount_cents IS
    'Sum of the discounts as a positive amount that lowers the total, in minor units of currency.';
COMMENT ON COLUMN ticketing.orders.fees_cents IS
    'Sum of the fees added to the order, in minor units of currency.';
COMMENT ON COLUMN ticketing.orders.tax_cents IS
    'Sum of the taxes added to the order, in minor units of currency.';
COMMENT ON COLUMN ticketing.orders.total_cents IS
    'Amount to pay in minor units of currency: subtotal less discounts plus fees and taxes.';
COMMENT ON COLUMN ticketing.orders.paid_cents IS
    'Money captured so far, in minor units of currency, not lowered by refunds; the ceiling for '
    'refunded_cents.';
COMMENT ON COLUMN ticketing.orders.refunded_cents IS
    'Sum of the completed refunds in minor units of currency; kept here by the trigger on '
    'refunds, not sent by the owner.';
COMMENT ON COLUMN ticketing.orders.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.orders.expires_at IS
    'When an unpaid order lapses at the owner; NULL when it has no deadline.';
COMMENT ON COLUMN ticketing.orders.version IS
    'Version of the row at its owner; a replica accepts only a higher one.';
COMMENT ON COLUMN ticketing.orders.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.orders.updated_at IS
    'When the owner''s latest accepted version arrived.';
COMMENT ON CONSTRAINT pk_orders ON ticketing.orders IS
    'One row per order of a tenant.';
COMMENT ON CONSTRAINT uq_orders_tenant_number ON ticketing.orders IS
    'An order number names one order of a tenant; serves the search by the number that a buyer '
    'quotes.';
COMMENT ON CONSTRAINT fk_orders_tenant_id ON ticketing.orders IS
    'The order belongs to a known tenant, which cannot be deleted while it has orders.';
COMMENT ON CONSTRAINT fk_orders_user_id ON ticketing.orders IS
    'The buyer is a user of the same tenant and cannot be deleted while orders name them.';
COMMENT ON CONSTRAINT fk_orders_event_id ON ticketing.orders IS
    'The event belongs to the same tenant and cannot be deleted while orders refer to it.';
COMMENT ON CONSTRAINT chk_orders_status ON ticketing.orders IS
    'The status is one of the nine known ones; a new state at the owner needs a migration first.';
COMMENT ON CONSTRAINT chk_orders_amounts_positive ON ticketing.orders IS
    'No amount is negative; discounts and refunds are positive amounts in columns of their own.';
COMMENT ON CONSTRAINT chk_orders_total ON ticketing.orders IS
    'The total equals subtotal less discounts plus fees and taxes, so that no part changes '
    'without it.';
COMMENT ON CONSTRAINT chk_orders_refund_ceiling ON ticketing.orders IS
    'No more is refunded than was paid. The last guard against paying money back twice: do not '
    'drop it to get a refund through.';
COMMENT ON CONSTRAINT chk_orders_currency ON ticketing.orders IS
    'The currency is three capital letters; whether the code exists is not tested.';
COMMENT ON INDEX ticketing.idx_orders_user_id IS
    'Covers the foreign key to users: finds the orders of a buyer.';
COMMENT ON INDEX ticketing.idx_orders_event_id IS
    'Covers the foreign key to events: finds the orders for an event.';
COMMENT ON INDEX ticketing.idx_orders_unpaid_expiry IS
    'Finds the unpaid orders that are due to expire, of all tenants; one that was paid or ended '
    'leaves it.';

GRANT SELECT ON ticketing.orders TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT (
    tenant_id, id, user_id, event_id, order_number, status, subtotal_cents, discount_cents,
    fees_cents, tax_cents, total_cents, paid_cents, currency, expires_at, version, created_at,
    updated_at
) ON ticketing.orders TO ticketing_worker;
GRANT UPDATE (
    user_id, event_id, order_number, status, subtotal_cents, discount_cents, fees_cents,
    tax_cents, total_cents, paid_cents, currency, expires_at, version
) ON ticketing.orders TO ticketing_worker;
