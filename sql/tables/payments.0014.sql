CREATE TABLE ticketing.payments (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    provider text NOT NULL DEFAULT 'stripe',
    provider_payment_id text,
    amount_cents bigint NOT NULL,
    refunded_cents bigint NOT NULL DEFAULT 0,
    currency text NOT NULL DEFAULT 'USD',
    status text NOT NULL DEFAULT 'created',
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_payments PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_payments_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_payments_order_id FOREIGN KEY (tenant_id, order_id)
        REFERENCES ticketing.orders (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_payments_amount_positive CHECK (
        amount_cents >= 0
        AND refunded_cents BETWEEN 0 AND amount_cents
    ),
    CONSTRAINT chk_payments_status CHECK (
        status IN ('created', 'pending', 'succeeded', 'failed', 'cancelled', 'disputed')
    ),
    CONSTRAINT chk_payments_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE UNIQUE INDEX uq_payments_provider
    ON ticketing.payments (tenant_id, provider, provider_payment_id)
    WHERE provider_payment_id IS NOT NULL;
CREATE INDEX idx_payments_order_id
    ON ticketing.payments (tenant_id, order_id);

ALTER TABLE ticketing.payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.payments FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.payments IS
    'One row is one payment for an order at a provider; an order may have several, as after a '
    'failed try. Written by record_payment where the payments service works in this database, or '
    'by apply_payment where it sends messages; never by both, because each counts version in its '
    'own way. No service role may delete a row.';
COMMENT ON COLUMN ticketing.payments.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.payments.id IS
    'Random identifier, unique inside the tenant; hand it to the provider as a reference, so that '
    'its webhook finds the row.';
COMMENT ON COLUMN ticketing.payments.order_id IS
    'Order that the money is for; an order may have several payments.';
COMMENT ON COLUMN ticketing.payments.provider IS
    'Payment provider that takes the money, in lower case, such as stripe.';
COMMENT ON COLUMN ticketing.payments.provider_payment_id IS
    'Identifier given by the provider; search its console with it. NULL: the provider has not '
    'answered yet.';
COMMENT ON COLUMN ticketing.payments.amount_cents IS
    'Amount to take, in minor units of currency; the ceiling for refunded_cents.';
COMMENT ON COLUMN ticketing.payments.refunded_cents IS
    'Sum of the completed refunds that name this payment, in minor units of currency; kept by the '
    'trigger on refunds, and no part of what version counts.';
COMMENT ON COLUMN ticketing.payments.currency IS
    'ISO 4217 code of the amounts in this row.';
COMMENT ON COLUMN ticketing.payments.status IS
    'created: not sent yet. pending: the provider is at work. failed: refused. cancelled: given '
    'up. succeeded: the money was taken. disputed: taken, and the payer''s bank wants it back. A '
    'failed or cancelled payment may still succeed late.';
COMMENT ON COLUMN ticketing.payments.version IS
    'Raised by trigger with every change made here; a message of the payments service brings its '
    'own, which must be higher.';
COMMENT ON COLUMN ticketing.payments.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.payments.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_payments ON ticketing.payments IS
    'One row per payment of a tenant.';
COMMENT ON CONSTRAINT fk_payments_tenant_id ON ticketing.payments IS
    'The tenant must exist; it cannot be deleted while it has payments.';
COMMENT ON CONSTRAINT fk_payments_order_id ON ticketing.payments IS
    'The order belongs to the same tenant; it cannot be deleted while payments refer to it, and a '
    'payment waits until the copy of its order has arrived.';
COMMENT ON CONSTRAINT chk_payments_amount_positive ON ticketing.payments IS
    'No amount is negative, and no more of a payment goes back than it took. The last guard '
    'against paying money back twice: do not drop it to get a refund through.';
COMMENT ON CONSTRAINT chk_payments_status ON ticketing.payments IS
    'Only the known states of a payment are stored.';
COMMENT ON CONSTRAINT chk_payments_currency ON ticketing.payments IS
    'The currency is three capital letters; whether the code exists is not tested.';
COMMENT ON INDEX ticketing.uq_payments_provider IS
    'One row per payment of a provider: a webhook and the direct answer cannot record the same '
    'money twice. Payments without an answer are left out.';
COMMENT ON INDEX ticketing.idx_payments_order_id IS
    'Covers the foreign key to orders: finds the payments of an order, as the expiry of unpaid '
    'orders does.';

GRANT SELECT ON ticketing.payments TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT (
    tenant_id, id, order_id, provider, provider_payment_id, amount_cents, currency, status,
    version, created_at, updated_at
) ON ticketing.payments TO ticketing_worker;
GRANT UPDATE (
    order_id, provider, provider_payment_id, amount_cents, currency, status, version
) ON ticketing.payments TO ticketing_worker;
