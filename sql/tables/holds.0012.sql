CREATE TABLE ticketing.holds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid NOT NULL,
    zone_id uuid NOT NULL,
    bucket_no smallint NOT NULL,
    user_id uuid,
    quantity integer NOT NULL,
    status text NOT NULL DEFAULT 'active',
    idempotency_key text NOT NULL,
    confirm_idempotency_key text,
    order_id uuid,
    expires_at timestamptz NOT NULL DEFAULT (now() + interval '15 minutes'),
    confirmed_at timestamptz,
    released_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_holds PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_holds_idempotency UNIQUE (tenant_id, event_id, zone_id, idempotency_key),
    CONSTRAINT fk_holds_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_holds_zone_id FOREIGN KEY (tenant_id, event_id, zone_id)
        REFERENCES ticketing.zones (tenant_id, event_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_holds_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_holds_order_id FOREIGN KEY (tenant_id, order_id)
        REFERENCES ticketing.orders (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_holds_quantity_positive CHECK (quantity > 0),
    CONSTRAINT chk_holds_status CHECK (status IN ('active', 'confirmed', 'released', 'expired')),
    CONSTRAINT chk_holds_idem CHECK (
        length(idempotency_key) BETWEEN 1 AND 255
        AND (
            confirm_idempotency_key IS NULL
            OR length(confirm_idempotency_key) BETWEEN 1 AND 255
        )
    ),
    CONSTRAINT chk_holds_expiry CHECK (expires_at > created_at),
    CONSTRAINT chk_holds_confirmed CHECK (
        (status = 'confirmed') = (order_id IS NOT NULL)
        AND (order_id IS NULL) = (confirmed_at IS NULL)
        AND (status <> 'confirmed' OR confirm_idempotency_key IS NOT NULL)
    ),
    CONSTRAINT chk_holds_released CHECK (
        (status IN ('released', 'expired')) = (released_at IS NOT NULL)
    )
);

CREATE UNIQUE INDEX uq_holds_order
    ON ticketing.holds (tenant_id, order_id)
    WHERE order_id IS NOT NULL;
CREATE INDEX idx_holds_user_id
    ON ticketing.holds (tenant_id, user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX idx_holds_expiry
    ON ticketing.holds (expires_at)
    WHERE status = 'active';
CREATE INDEX idx_holds_released
    ON ticketing.holds (released_at)
    WHERE status IN ('released', 'expired');
CREATE INDEX idx_holds_overdue
    ON ticketing.holds (tenant_id, zone_id, expires_at)
    WHERE status = 'active';

ALTER TABLE ticketing.holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.holds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.holds IS
    'One row is one buyer''s claim on places of a zone, active until it is confirmed into an '
    'order, given back, or out of time. Grows with every checkout attempt and is never deleted. '
    'Write it with create_hold, confirm_hold and release_hold; the counters in zone_inventory '
    'follow by trigger.';
COMMENT ON COLUMN ticketing.holds.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.holds.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.holds.event_id IS
    'Event of the zone, stored so that the pair can be checked.';
COMMENT ON COLUMN ticketing.holds.zone_id IS
    'Zone whose places are claimed.';
COMMENT ON COLUMN ticketing.holds.bucket_no IS
    'Part of the zone that the places came from and go back to; chosen by trigger when not given.';
COMMENT ON COLUMN ticketing.holds.user_id IS
    'Buyer who is a known user; NULL for a guest.';
COMMENT ON COLUMN ticketing.holds.quantity IS
    'Number of places claimed, the amount by which the counters move; fixed once the row exists.';
COMMENT ON COLUMN ticketing.holds.status IS
    'active (keeps places until expires_at), confirmed (an order has them), released (given back), '
    'expired (out of time, given back). An active hold past expires_at is expired in all but name. '
    'All but active are final.';
COMMENT ON COLUMN ticketing.holds.idempotency_key IS
    'Caller''s key for the request, 1 to 255 characters: a repeat in the same zone finds this row '
    'instead of claiming places again.';
COMMENT ON COLUMN ticketing.holds.confirm_idempotency_key IS
    'Key of the request that confirmed the hold: a repeat with it gets the same order, any other '
    'is refused. NULL until then.';
COMMENT ON COLUMN ticketing.holds.order_id IS
    'The one order that the hold became; NULL unless confirmed. The row in orders is made here '
    'when its copy has not arrived.';
COMMENT ON COLUMN ticketing.holds.expires_at IS
    'When an active hold runs out, 15 minutes after it was made unless set otherwise; without '
    'meaning once the status has changed.';
COMMENT ON COLUMN ticketing.holds.confirmed_at IS
    'When it became an order''s. NULL while active, and when it came to nothing.';
COMMENT ON COLUMN ticketing.holds.released_at IS
    'When the places were given back, by release or by expiry; NULL otherwise.';
COMMENT ON COLUMN ticketing.holds.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.holds.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.holds.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_holds ON ticketing.holds IS
    'One row per hold of a tenant.';
COMMENT ON CONSTRAINT uq_holds_idempotency ON ticketing.holds IS
    'Lets one key claim places of a zone once, even when copies of the request run at the same '
    'time. Also covers the foreign key to zones.';
COMMENT ON CONSTRAINT fk_holds_tenant_id ON ticketing.holds IS
    'The hold belongs to a known tenant, which cannot be deleted while it has holds.';
COMMENT ON CONSTRAINT fk_holds_zone_id ON ticketing.holds IS
    'The zone belongs to the same tenant and event; it cannot be deleted while holds refer to it.';
COMMENT ON CONSTRAINT fk_holds_user_id ON ticketing.holds IS
    'The buyer is a user of the same tenant and cannot be deleted while holds name them.';
COMMENT ON CONSTRAINT fk_holds_order_id ON ticketing.holds IS
    'The order belongs to the same tenant and cannot be deleted while a hold refers to it.';
COMMENT ON CONSTRAINT chk_holds_quantity_positive ON ticketing.holds IS
    'A hold claims at least one place; a negative quantity would add places.';
COMMENT ON CONSTRAINT chk_holds_status ON ticketing.holds IS
    'The status is one of active, confirmed, released and expired.';
COMMENT ON CONSTRAINT chk_holds_idem ON ticketing.holds IS
    'A key is 1 to 255 characters long; an empty one would tie unrelated requests together.';
COMMENT ON CONSTRAINT chk_holds_expiry ON ticketing.holds IS
    'A hold ends after it was made; one that is born overdue would keep places for nothing.';
COMMENT ON CONSTRAINT chk_holds_confirmed ON ticketing.holds IS
    'A confirmed hold, and no other, has an order, the moment of confirmation and the key of the '
    'request, so that no place counts as sold without an order.';
COMMENT ON CONSTRAINT chk_holds_released ON ticketing.holds IS
    'The moment of release is present exactly when the places were given back, so that it happens '
    'once and visibly.';
COMMENT ON INDEX ticketing.uq_holds_order IS
    'An order comes from one hold. Also covers the foreign key to orders.';
COMMENT ON INDEX ticketing.idx_holds_user_id IS
    'Covers the foreign key to users: finds the holds of a buyer. A guest''s hold is not in it.';
COMMENT ON INDEX ticketing.idx_holds_expiry IS
    'Serves the expiry sweeper: overdue holds of all tenants, oldest first. Holds only active '
    'rows, so it stays small.';
COMMENT ON INDEX ticketing.idx_holds_released IS
    'Serves retention: holds of all tenants that came to nothing, the oldest first.';
COMMENT ON INDEX ticketing.idx_holds_overdue IS
    'Serves a request that finds no room: what is overdue in its own zone. Holds only active rows.';

GRANT SELECT ON ticketing.holds TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.holds TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    status, confirm_idempotency_key, order_id, expires_at, confirmed_at, released_at
) ON ticketing.holds TO ticketing_app, ticketing_worker;
