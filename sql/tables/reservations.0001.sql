CREATE TABLE ticketing.reservations (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    event_id uuid NOT NULL,
    ticket_type_id uuid NOT NULL,
    user_id uuid,
    guest_session text,
    group_id uuid,
    order_id uuid,
    quantity integer NOT NULL,
    tickets jsonb NOT NULL DEFAULT '[]'::jsonb,
    type_name text,
    status text NOT NULL DEFAULT 'pending',
    idempotency_key text,
    request_hash text,
    expires_at timestamptz NOT NULL DEFAULT (now() + interval '15 minutes'),
    confirmed_at timestamptz,
    released_at timestamptz,
    release_reason text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_reservations PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_reservations_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_reservations_ticket_type_id FOREIGN KEY (tenant_id, event_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, event_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_reservations_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_reservations_order_id FOREIGN KEY (tenant_id, order_id)
        REFERENCES ticketing.orders (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_reservations_quantity_positive CHECK (quantity > 0),
    CONSTRAINT chk_reservations_status CHECK (
        status IN ('pending', 'confirmed', 'expired', 'cancelled')
    ),
    CONSTRAINT chk_reservations_owner CHECK (num_nonnulls(user_id, guest_session) = 1),
    CONSTRAINT chk_reservations_expiry CHECK (expires_at > created_at),
    CONSTRAINT chk_reservations_confirmed CHECK (
        (status <> 'confirmed' OR confirmed_at IS NOT NULL)
        AND (status <> 'confirmed' OR order_id IS NOT NULL)
    ),
    CONSTRAINT chk_reservations_released CHECK (
        (status IN ('expired', 'cancelled')) = (released_at IS NOT NULL)
    ),
    CONSTRAINT chk_reservations_idem CHECK (
        idempotency_key IS NULL
        OR length(idempotency_key) BETWEEN 1 AND 255
    )
);

CREATE UNIQUE INDEX uq_reservations_idempotency
    ON ticketing.reservations (tenant_id, ticket_type_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_reservations_expiry
    ON ticketing.reservations (expires_at)
    WHERE status = 'pending';
CREATE INDEX idx_reservations_released
    ON ticketing.reservations (released_at)
    WHERE status IN ('expired', 'cancelled')
        AND order_id IS NULL;
CREATE INDEX idx_reservations_ticket_type_id
    ON ticketing.reservations (tenant_id, event_id, ticket_type_id);
CREATE INDEX idx_reservations_user_id
    ON ticketing.reservations (tenant_id, user_id)
    WHERE user_id IS NOT NULL;
CREATE INDEX idx_reservations_order_id
    ON ticketing.reservations (tenant_id, order_id)
    WHERE order_id IS NOT NULL;

ALTER TABLE ticketing.reservations ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.reservations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.reservations IS
    'One row is one buyer''s claim on a number of tickets of one type, pending until it is paid '
    'for, runs out or is given up. Grows with every checkout attempt and is never deleted. Never '
    'insert or change status by hand with triggers disabled: the counters in ticket_inventory '
    'move only with them.';
COMMENT ON COLUMN ticketing.reservations.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.reservations.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.reservations.event_id IS
    'Event of the ticket type, stored so that the pair can be checked.';
COMMENT ON COLUMN ticketing.reservations.ticket_type_id IS
    'Ticket type whose stock is claimed; a cart over several types has one row for each.';
COMMENT ON COLUMN ticketing.reservations.user_id IS
    'Buyer who is a known user; NULL for a guest, who has guest_session instead.';
COMMENT ON COLUMN ticketing.reservations.guest_session IS
    'Session of a buyer without an account; NULL when user_id is set.';
COMMENT ON COLUMN ticketing.reservations.group_id IS
    'Shared by the reservations of one cart over several ticket types; NULL when the row stands '
    'alone. No foreign key: the value exists only here.';
COMMENT ON COLUMN ticketing.reservations.order_id IS
    'Order that paid for the reservation, required once confirmed; NULL while there is none.';
COMMENT ON COLUMN ticketing.reservations.quantity IS
    'Number of tickets claimed, the amount by which the counters in ticket_inventory move; fixed '
    'once the row exists.';
COMMENT ON COLUMN ticketing.reservations.tickets IS
    'Items of the request as the buyer sent them, a JSON array for display and support; amounts '
    'are never taken from it.';
COMMENT ON COLUMN ticketing.reservations.type_name IS
    'Name of the ticket type at the time of the request, so that a later rename does not alter '
    'it; NULL when not recorded.';
COMMENT ON COLUMN ticketing.reservations.status IS
    'pending (holds stock until expires_at), confirmed (paid, stock sold), expired (ran out, '
    'stock given back), cancelled (given up or reversed, stock given back). Expired and cancelled '
    'are final.';
COMMENT ON COLUMN ticketing.reservations.idempotency_key IS
    'Caller''s key for the request, 1 to 255 characters: a repeat with the same key finds this '
    'row instead of claiming stock again. NULL when the caller sent none.';
COMMENT ON COLUMN ticketing.reservations.request_hash IS
    'Fingerprint of the request sent with idempotency_key; the same key with another fingerprint '
    'is a conflict, not a repeat. NULL when not recorded.';
COMMENT ON COLUMN ticketing.reservations.expires_at IS
    'When a pending reservation runs out, 15 minutes after it was made unless set otherwise; '
    'without meaning once the status has changed.';
COMMENT ON COLUMN ticketing.reservations.confirmed_at IS
    'When it was paid for and its tickets counted as sold. NULL when it never was.';
COMMENT ON COLUMN ticketing.reservations.released_at IS
    'When the stock was given back; NULL while the reservation is pending or confirmed.';
COMMENT ON COLUMN ticketing.reservations.release_reason IS
    'Why the stock was given back: timeout, user, payment_failed, event_cancelled or admin, by '
    'convention and not by constraint; NULL when not released or not stated.';
COMMENT ON COLUMN ticketing.reservations.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.reservations.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.reservations.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_reservations ON ticketing.reservations IS
    'One row per reservation of a tenant.';
COMMENT ON CONSTRAINT fk_reservations_tenant_id ON ticketing.reservations IS
    'The reservation belongs to a known tenant, which cannot be deleted while it has reservations.';
COMMENT ON CONSTRAINT fk_reservations_ticket_type_id ON ticketing.reservations IS
    'The ticket type belongs to the same tenant and event; it cannot be deleted while '
    'reservations refer to it.';
COMMENT ON CONSTRAINT fk_reservations_user_id ON ticketing.reservations IS
    'The buyer is a user of the same tenant and cannot be deleted while reservations name them.';
COMMENT ON CONSTRAINT fk_reservations_order_id ON ticketing.reservations IS
    'The order belongs to the same tenant and cannot be deleted while reservations refer to it. '
    'Its copy must have arrived before the reservation can name it.';
COMMENT ON CONSTRAINT chk_reservations_quantity_positive ON ticketing.reservations IS
    'A reservation claims at least one ticket; a negative quantity would add stock.';
COMMENT ON CONSTRAINT chk_reservations_status ON ticketing.reservations IS
    'The status is one of pending, confirmed, expired and cancelled.';
COMMENT ON CONSTRAINT chk_reservations_owner ON ticketing.reservations IS
    'A reservation has exactly one owner: a known user or a guest session.';
COMMENT ON CONSTRAINT chk_reservations_expiry ON ticketing.reservations IS
    'A reservation ends after it was made; one that is born overdue would hold stock for nothing.';
COMMENT ON CONSTRAINT chk_reservations_confirmed ON ticketing.reservations IS
    'A confirmed reservation names its order and the moment of confirmation, so that nothing '
    'counts as sold without an order.';
COMMENT ON CONSTRAINT chk_reservations_released ON ticketing.reservations IS
    'The moment of release is present exactly when the status is expired or cancelled, so that '
    'stock is given back once and visibly.';
COMMENT ON CONSTRAINT chk_reservations_idem ON ticketing.reservations IS
    'An idempotency key is absent or 1 to 255 characters long; an empty one would tie unrelated '
    'requests together.';
COMMENT ON INDEX ticketing.uq_reservations_idempotency IS
    'Lets one idempotency key claim stock of a ticket type once, even when two copies of the '
    'request run at the same time; also serves the look-up of a repeat.';
COMMENT ON INDEX ticketing.idx_reservations_expiry IS
    'Serves the expiry sweeper: overdue pending reservations of all tenants, oldest first. Holds '
    'only pending rows, so it stays small.';
COMMENT ON INDEX ticketing.idx_reservations_released IS
    'Serves retention: reservations of all tenants that came to nothing, the oldest first.';
COMMENT ON INDEX ticketing.idx_reservations_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds the reservations of a ticket type or an event, '
    'also for checking the counters.';
COMMENT ON INDEX ticketing.idx_reservations_user_id IS
    'Covers the foreign key to users: finds the reservations of a buyer.';
COMMENT ON INDEX ticketing.idx_reservations_order_id IS
    'Covers the foreign key to orders: finds the reservations of an order.';

GRANT SELECT ON ticketing.reservations TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.reservations TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    order_id, tickets, type_name, status, expires_at, confirmed_at, released_at,
    release_reason
) ON ticketing.reservations TO ticketing_app, ticketing_worker;
