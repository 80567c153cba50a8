CREATE TABLE ticketing.discounts (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid,
    ticket_type_id uuid,
    code text NOT NULL,
    code_normalized text GENERATED ALWAYS AS (upper(btrim(code))) STORED,
    discount_type text NOT NULL,
    discount_value numeric(12, 2) NOT NULL,
    currency text,
    max_uses integer,
    times_used integer NOT NULL DEFAULT 0,
    max_uses_per_user integer,
    min_purchase_cents bigint,
    max_discount_cents bigint,
    stackable boolean NOT NULL DEFAULT FALSE,
    priority integer NOT NULL DEFAULT 100,
    valid_from timestamptz,
    valid_until timestamptz,
    is_active boolean NOT NULL DEFAULT TRUE,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_discounts PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_discounts_code UNIQUE (tenant_id, code_normalized),
    CONSTRAINT fk_discounts_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_discounts_event_id FOREIGN KEY (tenant_id, event_id)
        REFERENCES ticketing.events (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_discounts_ticket_type_id FOREIGN KEY (tenant_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_discounts_type CHECK (
        discount_type IN ('percentage', 'fixed', 'bogo', 'early_bird')
    ),
    CONSTRAINT chk_discounts_value CHECK (
        discount_value > 0
        AND (discount_type NOT IN ('percentage', 'early_bird') OR discount_value <= 100)
    ),
    CONSTRAINT chk_discounts_currency CHECK (
        (discount_type <> 'fixed' OR currency IS NOT NULL)
        AND (currency IS NULL OR currency ~ '^[A-Z]{3}$')
    ),
    CONSTRAINT chk_discounts_amounts_positive CHECK (
        (min_purchase_cents IS NULL OR min_purchase_cents >= 0)
        AND (max_discount_cents IS NULL OR max_discount_cents >= 0)
    ),
    CONSTRAINT chk_discounts_uses CHECK (
        times_used >= 0
        AND (max_uses IS NULL OR (max_uses > 0 AND times_used <= max_uses))
        AND (max_uses_per_user IS NULL OR max_uses_per_user > 0)
    ),
    CONSTRAINT chk_discounts_dates CHECK (
        valid_from IS NULL
        OR valid_until IS NULL
        OR valid_from < valid_until
    ),
    CONSTRAINT chk_discounts_code CHECK (length(btrim(code)) BETWEEN 1 AND 50)
);

CREATE INDEX idx_discounts_event_id
    ON ticketing.discounts (tenant_id, event_id)
    WHERE event_id IS NOT NULL;
CREATE INDEX idx_discounts_ticket_type_id
    ON ticketing.discounts (tenant_id, ticket_type_id)
    WHERE ticket_type_id IS NOT NULL;

ALTER TABLE ticketing.discounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.discounts FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.discounts IS
    'One row is one discount code and its rules. Services write it, and no service role may '
    'delete: clear is_active to retire a code. Never correct times_used by hand unless it '
    'disagrees with the applied rows of order_discounts.';
COMMENT ON COLUMN ticketing.discounts.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.discounts.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.discounts.event_id IS
    'Event to which the code is limited. NULL: every event of the tenant.';
COMMENT ON COLUMN ticketing.discounts.ticket_type_id IS
    'Ticket type to which the code is limited. NULL: every ticket type.';
COMMENT ON COLUMN ticketing.discounts.code IS
    'Code as the organiser typed it, 1 to 50 characters without the outer spaces.';
COMMENT ON COLUMN ticketing.discounts.code_normalized IS
    'Code in capitals without outer spaces, generated; the form to look up and the one kept '
    'unique.';
COMMENT ON COLUMN ticketing.discounts.discount_type IS
    'percentage: a share of the price. fixed: an amount. bogo: buy one, get one. early_bird: a '
    'share of the price for early buyers.';
COMMENT ON COLUMN ticketing.discounts.discount_value IS
    'Percent, up to 100, for percentage and early_bird; minor units of currency for fixed. Always '
    'positive.';
COMMENT ON COLUMN ticketing.discounts.currency IS
    'ISO 4217 code of the amounts in this row. NULL: the code is bound to no currency; not '
    'allowed for fixed.';
COMMENT ON COLUMN ticketing.discounts.max_uses IS
    'Largest number of uses over all users. NULL: no limit.';
COMMENT ON COLUMN ticketing.discounts.times_used IS
    'Number of uses that count against max_uses; moves in the transaction that applies or '
    'reverses the code.';
COMMENT ON COLUMN ticketing.discounts.max_uses_per_user IS
    'Largest number of uses by one user. NULL: no limit.';
COMMENT ON COLUMN ticketing.discounts.min_purchase_cents IS
    'Smallest purchase, in minor units, that the code applies to. NULL: no minimum.';
COMMENT ON COLUMN ticketing.discounts.max_discount_cents IS
    'Largest reduction the code gives, in minor units. NULL: no cap.';
COMMENT ON COLUMN ticketing.discounts.stackable IS
    'TRUE: may be combined with other codes on one order. FALSE: stands alone.';
COMMENT ON COLUMN ticketing.discounts.priority IS
    'Order of application when several codes meet; lower first, 100 is normal.';
COMMENT ON COLUMN ticketing.discounts.valid_from IS
    'When the code starts to work. NULL: no start limit.';
COMMENT ON COLUMN ticketing.discounts.valid_until IS
    'When the code stops working. NULL: no end limit.';
COMMENT ON COLUMN ticketing.discounts.is_active IS
    'TRUE: can be used, within its dates and limits. FALSE: switched off, kept for the record.';
COMMENT ON COLUMN ticketing.discounts.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.discounts.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.discounts.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_discounts ON ticketing.discounts IS
    'One row per discount of a tenant.';
COMMENT ON CONSTRAINT uq_discounts_code ON ticketing.discounts IS
    'One discount per normalized code of a tenant, so case and outer spaces cannot make a second '
    'one.';
COMMENT ON CONSTRAINT fk_discounts_tenant_id ON ticketing.discounts IS
    'The tenant must exist; it cannot be deleted while it has discounts.';
COMMENT ON CONSTRAINT fk_discounts_event_id ON ticketing.discounts IS
    'The event belongs to the same tenant; it cannot be deleted while discounts are limited to it.';
COMMENT ON CONSTRAINT fk_discounts_ticket_type_id ON ticketing.discounts IS
    'The ticket type belongs to the same tenant; it cannot be deleted while discounts are limited '
    'to it.';
COMMENT ON CONSTRAINT chk_discounts_type ON ticketing.discounts IS
    'Only the known kinds of discount are stored.';
COMMENT ON CONSTRAINT chk_discounts_value ON ticketing.discounts IS
    'The value is positive, and a share of the price is at most 100 percent.';
COMMENT ON CONSTRAINT chk_discounts_currency ON ticketing.discounts IS
    'A fixed amount names its currency, in three capital letters; prevents an amount that could '
    'be read in any currency.';
COMMENT ON CONSTRAINT chk_discounts_amounts_positive ON ticketing.discounts IS
    'The smallest purchase and the largest discount are not negative.';
COMMENT ON CONSTRAINT chk_discounts_uses ON ticketing.discounts IS
    'Uses are not negative and never pass max_uses, so parallel orders cannot overspend a code; '
    'limits, when set, are positive.';
COMMENT ON CONSTRAINT chk_discounts_dates ON ticketing.discounts IS
    'When both dates are set, the code starts before it stops.';
COMMENT ON CONSTRAINT chk_discounts_code ON ticketing.discounts IS
    'The code has 1 to 50 characters besides outer spaces; stops blank codes.';
COMMENT ON INDEX ticketing.idx_discounts_event_id IS
    'Covers the foreign key to events: finds the codes limited to an event.';
COMMENT ON INDEX ticketing.idx_discounts_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds the codes limited to a ticket type.';

GRANT SELECT ON ticketing.discounts TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.discounts TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    event_id, ticket_type_id, code, discount_type, discount_value, currency, max_uses,
    times_used, max_uses_per_user, min_purchase_cents, max_discount_cents, stackable,
    priority, valid_from, valid_until, is_active
) ON ticketing.discounts TO ticketing_app, ticketing_worker;
