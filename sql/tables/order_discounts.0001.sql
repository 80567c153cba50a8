CREATE TABLE ticketing.order_discounts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    order_id uuid NOT NULL,
    discount_id uuid NOT NULL,
    user_id uuid,
    discount_code text NOT NULL,
    discount_type text NOT NULL,
    amount_cents bigint NOT NULL,
    status text NOT NULL DEFAULT 'applied',
    applied_at timestamptz NOT NULL DEFAULT now(),
    reversed_at timestamptz,
    CONSTRAINT pk_order_discounts PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_order_discounts_once UNIQUE (tenant_id, order_id, discount_id),
    CONSTRAINT fk_order_discounts_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_order_discounts_discount_id FOREIGN KEY (tenant_id, discount_id)
        REFERENCES ticketing.discounts (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_order_discounts_amount_positive CHECK (amount_cents >= 0),
    CONSTRAINT chk_order_discounts_status CHECK (
        status IN ('applied', 'reversed')
        AND (status = 'reversed') = (reversed_at IS NOT NULL)
    )
);

CREATE INDEX idx_order_discounts_user
    ON ticketing.order_discounts (tenant_id, discount_id, user_id)
    WHERE status = 'applied';
CREATE INDEX idx_order_discounts_discount_id
    ON ticketing.order_discounts (tenant_id, discount_id);

ALTER TABLE ticketing.order_discounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.order_discounts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.order_discounts IS
    'One row is one use of a discount on one order; together they are the ledger of redemptions. '
    'Services add rows and may later change only status and reversed_at; no service role may '
    'delete. Never reverse one without lowering discounts.times_used in the same transaction.';
COMMENT ON COLUMN ticketing.order_discounts.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.order_discounts.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.order_discounts.order_id IS
    'Order whose price the redemption lowers.';
COMMENT ON COLUMN ticketing.order_discounts.discount_id IS
    'The code that was redeemed.';
COMMENT ON COLUMN ticketing.order_discounts.user_id IS
    'User whose per-user limit this use counts against. NULL: no user is known, so it counts '
    'against none.';
COMMENT ON COLUMN ticketing.order_discounts.discount_code IS
    'Code as it was when used; a copy that later edits of the discount do not change.';
COMMENT ON COLUMN ticketing.order_discounts.discount_type IS
    'Kind of the discount as it was when used: percentage, fixed, bogo, or early_bird; a copy.';
COMMENT ON COLUMN ticketing.order_discounts.amount_cents IS
    'Reduction of the order, in minor units of the order''s currency; not negative.';
COMMENT ON COLUMN ticketing.order_discounts.status IS
    'applied: the use counts against the limits. reversed: the use was taken back and no longer '
    'counts.';
COMMENT ON COLUMN ticketing.order_discounts.applied_at IS
    'Moment of the redemption: the start of its transaction, unless the service says otherwise.';
COMMENT ON COLUMN ticketing.order_discounts.reversed_at IS
    'When the use was taken back. NULL: still applied.';
COMMENT ON CONSTRAINT pk_order_discounts ON ticketing.order_discounts IS
    'One row per use of a discount of a tenant.';
COMMENT ON CONSTRAINT uq_order_discounts_once ON ticketing.order_discounts IS
    'A discount is used once per order, reversed uses included; a retried checkout cannot use it '
    'twice. Also finds the discounts of an order.';
COMMENT ON CONSTRAINT fk_order_discounts_tenant_id ON ticketing.order_discounts IS
    'The tenant must exist; it cannot be deleted while it has discount uses.';
COMMENT ON CONSTRAINT fk_order_discounts_discount_id ON ticketing.order_discounts IS
    'The discount belongs to the same tenant; it cannot be deleted once it has been used.';
COMMENT ON CONSTRAINT chk_order_discounts_amount_positive ON ticketing.order_discounts IS
    'A discount never raises the price; zero is allowed.';
COMMENT ON CONSTRAINT chk_order_discounts_status ON ticketing.order_discounts IS
    'A use is applied or reversed, and exactly the reversed ones carry the moment of reversal.';
COMMENT ON INDEX ticketing.idx_order_discounts_user IS
    'Serves the per-user limit: counts the applied uses of a discount by one user.';
COMMENT ON INDEX ticketing.idx_order_discounts_discount_id IS
    'Covers the foreign key to discounts: finds all uses of a discount, reversed ones included.';

GRANT SELECT ON ticketing.order_discounts TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.order_discounts TO ticketing_app, ticketing_worker;
GRANT UPDATE (status, reversed_at) ON ticketing.order_discounts TO ticketing_app, ticketing_worker;
