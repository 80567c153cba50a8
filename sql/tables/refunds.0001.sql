CREATE TABLE ticketing.refunds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    ticket_id uuid,
    payment_id uuid,
    amount_cents bigint NOT NULL,
    currency text NOT NULL DEFAULT 'USD',
    status text NOT NULL DEFAULT 'pending',
    reason text NOT NULL,
    source text NOT NULL DEFAULT 'admin',
    provider text,
    provider_refund_id text,
    multisig_request_id uuid,
    requested_by uuid,
    approved_by uuid,
    failure_code text,
    attempt_count integer NOT NULL DEFAULT 0,
    processed_at timestamptz,
    idempotency_key text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_refunds PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_refunds_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_refunds_ticket_id FOREIGN KEY (tenant_id, ticket_id)
        REFERENCES ticketing.tickets (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_refunds_amount_positive CHECK (amount_cents > 0),
    CONSTRAINT chk_refunds_status CHECK (
        status IN (
            'pending', 'approved', 'rejected', 'processing', 'completed', 'failed',
            'cancelled'
        )
    ),
    CONSTRAINT chk_refunds_attempts CHECK (attempt_count >= 0),
    CONSTRAINT chk_refunds_source CHECK (
        source IN ('buyer', 'admin', 'event_cancellation', 'chargeback', 'external')
    ),
    CONSTRAINT chk_refunds_processed CHECK (status <> 'completed' OR processed_at IS NOT NULL),
    CONSTRAINT chk_refunds_no_self_approval CHECK (
        approved_by IS NULL
        OR requested_by IS NULL
        OR approved_by <> requested_by
    ),
    CONSTRAINT chk_refunds_provider_pair CHECK (provider_refund_id IS NULL OR provider IS NOT NULL),
    CONSTRAINT chk_refunds_currency CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE UNIQUE INDEX uq_refunds_provider
    ON ticketing.refunds (tenant_id, provider, provider_refund_id)
    WHERE provider_refund_id IS NOT NULL;
CREATE UNIQUE INDEX uq_refunds_one_live_per_ticket
    ON ticketing.refunds (tenant_id, ticket_id)
    WHERE ticket_id IS NOT NULL
        AND status IN ('pending', 'approved', 'processing');
CREATE UNIQUE INDEX uq_refunds_idempotency
    ON ticketing.refunds (tenant_id, order_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_refunds_order_id
    ON ticketing.refunds (tenant_id, order_id);
CREATE INDEX idx_refunds_ticket_id
    ON ticketing.refunds (tenant_id, ticket_id)
    WHERE ticket_id IS NOT NULL;

ALTER TABLE ticketing.refunds ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.refunds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.refunds IS
    'One row is one return of money on an order; an order may have many. Services add and advance '
    'rows, and no service role may delete one. A trigger keeps orders.refunded_cents equal to the '
    'completed rows, so never mark a row completed by hand unless the provider really paid.';
COMMENT ON COLUMN ticketing.refunds.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.refunds.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.refunds.order_id IS
    'Order on which the money goes back.';
COMMENT ON COLUMN ticketing.refunds.ticket_id IS
    'Ticket being refunded. NULL: the refund covers the whole order or is an amount only.';
COMMENT ON COLUMN ticketing.refunds.payment_id IS
    'Payment that is being returned, fully or in part. NULL: not tied to one payment.';
COMMENT ON COLUMN ticketing.refunds.amount_cents IS
    'Amount to return, in minor units of currency; always positive.';
COMMENT ON COLUMN ticketing.refunds.currency IS
    'ISO 4217 code of the amounts in this row. It must equal the currency of the order.';
COMMENT ON COLUMN ticketing.refunds.status IS
    'pending: asked for. approved: cleared for payout. rejected: declined, final. processing: the '
    'provider was called. completed: the provider confirmed, final. failed: the provider refused; '
    'may be retried or cancelled. cancelled: withdrawn, final.';
COMMENT ON COLUMN ticketing.refunds.reason IS
    'Why the money goes back, in words; set by the requester, never NULL.';
COMMENT ON COLUMN ticketing.refunds.source IS
    'Where the refund began: buyer, admin, event_cancellation, chargeback (the cardholder''s bank '
    'took the money), or external (seen at the provider, not started here; may be inserted as '
    'completed).';
COMMENT ON COLUMN ticketing.refunds.provider IS
    'Payment provider that pays the refund out. NULL: none chosen yet.';
COMMENT ON COLUMN ticketing.refunds.provider_refund_id IS
    'Refund identifier given by the provider; search its console with it. NULL: the provider has '
    'not answered with one.';
COMMENT ON COLUMN ticketing.refunds.multisig_request_id IS
    'Approval request, with several approvers, that a large refund waits for. NULL: none needed.';
COMMENT ON COLUMN ticketing.refunds.requested_by IS
    'User who asked for the refund. NULL: not asked for by a known user.';
COMMENT ON COLUMN ticketing.refunds.approved_by IS
    'User who approved the refund; never the requester. NULL: no single user approved it.';
COMMENT ON COLUMN ticketing.refunds.failure_code IS
    'Provider''s code for the latest refusal; set when a call fails. NULL: no refusal recorded.';
COMMENT ON COLUMN ticketing.refunds.attempt_count IS
    'How many times payout was tried at the provider; 0 before the first call.';
COMMENT ON COLUMN ticketing.refunds.processed_at IS
    'When the refund was settled. Required once completed; NULL while the outcome is open.';
COMMENT ON COLUMN ticketing.refunds.idempotency_key IS
    'Key of the requester; the same key on the same order cannot create a second refund. NULL: '
    'the request is not protected against repeats.';
COMMENT ON COLUMN ticketing.refunds.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.refunds.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.refunds.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_refunds ON ticketing.refunds IS
    'One row per refund of a tenant.';
COMMENT ON CONSTRAINT fk_refunds_tenant_id ON ticketing.refunds IS
    'The tenant must exist; it cannot be deleted while it has refunds.';
COMMENT ON CONSTRAINT fk_refunds_ticket_id ON ticketing.refunds IS
    'The ticket belongs to the same tenant; it cannot be deleted while refunds refer to it.';
COMMENT ON CONSTRAINT chk_refunds_amount_positive ON ticketing.refunds IS
    'A refund returns more than nothing; stops zero rows and negative ones, which would be '
    'charges.';
COMMENT ON CONSTRAINT chk_refunds_status ON ticketing.refunds IS
    'Only the known states of a refund are stored.';
COMMENT ON CONSTRAINT chk_refunds_attempts ON ticketing.refunds IS
    'Attempts at the provider are counted from zero.';
COMMENT ON CONSTRAINT chk_refunds_source ON ticketing.refunds IS
    'Only the known origins of a refund are stored.';
COMMENT ON CONSTRAINT chk_refunds_processed ON ticketing.refunds IS
    'A completed refund carries the moment of settlement.';
COMMENT ON CONSTRAINT chk_refunds_no_self_approval ON ticketing.refunds IS
    'Requester and approver differ when both are recorded; prevents one person from paying out '
    'alone. A NULL on either side passes.';
COMMENT ON CONSTRAINT chk_refunds_provider_pair ON ticketing.refunds IS
    'A provider refund id names its provider; otherwise it could not be traced or kept unique.';
COMMENT ON CONSTRAINT chk_refunds_currency ON ticketing.refunds IS
    'The currency is three capital letters.';
COMMENT ON INDEX ticketing.uq_refunds_provider IS
    'One row per refund of a provider; prevents a webhook and the direct answer from recording '
    'the same money twice.';
COMMENT ON INDEX ticketing.uq_refunds_one_live_per_ticket IS
    'One pending, approved or processing refund per ticket; prevents paying a ticket back twice '
    'at once. Ended or failed refunds do not block a new one.';
COMMENT ON INDEX ticketing.uq_refunds_idempotency IS
    'One refund per order and request key; a repeated request meets the stored row instead of '
    'paying again.';
COMMENT ON INDEX ticketing.idx_refunds_order_id IS
    'Covers the foreign key to orders: finds the refunds of an order, with or without a request '
    'key.';
COMMENT ON INDEX ticketing.idx_refunds_ticket_id IS
    'Covers the foreign key to tickets: finds the refunds of a ticket.';

GRANT SELECT ON ticketing.refunds TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.refunds TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    payment_id, status, reason, provider, provider_refund_id, multisig_request_id,
    approved_by, failure_code, attempt_count, processed_at, idempotency_key
) ON ticketing.refunds TO ticketing_app, ticketing_worker;
