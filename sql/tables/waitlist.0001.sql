CREATE TABLE ticketing.waitlist (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_type_id uuid NOT NULL,
    user_id uuid NOT NULL,
    quantity integer NOT NULL DEFAULT 1,
    status text NOT NULL DEFAULT 'active',
    priority integer NOT NULL DEFAULT 0,
    position bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    notified_at timestamptz,
    offer_expires_at timestamptz,
    reservation_id uuid,
    offer_count integer NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_waitlist PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_waitlist_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_waitlist_ticket_type_id FOREIGN KEY (tenant_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_waitlist_user_id FOREIGN KEY (tenant_id, user_id)
        REFERENCES ticketing.users (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT fk_waitlist_reservation_id FOREIGN KEY (tenant_id, reservation_id)
        REFERENCES ticketing.reservations (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_waitlist_quantity_positive CHECK (quantity > 0),
    CONSTRAINT chk_waitlist_status CHECK (
        status IN ('active', 'notified', 'converted', 'expired', 'cancelled')
    ),
    CONSTRAINT chk_waitlist_offer CHECK (
        (
            status <> 'notified'
            OR (
                notified_at IS NOT NULL
                AND offer_expires_at IS NOT NULL
                AND reservation_id IS NOT NULL
            )
        )
        AND (
            offer_expires_at IS NULL
            OR (notified_at IS NOT NULL AND offer_expires_at > notified_at)
        )
    )
);

CREATE UNIQUE INDEX uq_waitlist_one_live
    ON ticketing.waitlist (tenant_id, ticket_type_id, user_id)
    WHERE status IN ('active', 'notified');
CREATE INDEX idx_waitlist_queue
    ON ticketing.waitlist (tenant_id, ticket_type_id, priority DESC, position)
    WHERE status = 'active';
CREATE INDEX idx_waitlist_offer_expiry
    ON ticketing.waitlist (offer_expires_at)
    WHERE status = 'notified';
CREATE INDEX idx_waitlist_ticket_type_id
    ON ticketing.waitlist (tenant_id, ticket_type_id);
CREATE INDEX idx_waitlist_user_id
    ON ticketing.waitlist (tenant_id, user_id);
CREATE INDEX idx_waitlist_reservation_id
    ON ticketing.waitlist (tenant_id, reservation_id)
    WHERE reservation_id IS NOT NULL;

ALTER TABLE ticketing.waitlist ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.waitlist FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.waitlist IS
    'One row is one person''s place in the queue for a sold-out ticket type. Services add and '
    'advance rows; ended ones stay, and no service role may delete. Never set notified by hand: '
    'an offer needs a reservation that holds the places.';
COMMENT ON COLUMN ticketing.waitlist.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.waitlist.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.waitlist.ticket_type_id IS
    'Ticket type the person waits for; fixed at insert.';
COMMENT ON COLUMN ticketing.waitlist.user_id IS
    'Person who waits; fixed at insert.';
COMMENT ON COLUMN ticketing.waitlist.quantity IS
    'Number of places wanted; at least 1.';
COMMENT ON COLUMN ticketing.waitlist.status IS
    'active: waiting. notified: an offer is open and a reservation holds the places. converted: '
    'bought, final. expired: the offer lapsed or the sale ended, final. cancelled: the person '
    'left, final.';
COMMENT ON COLUMN ticketing.waitlist.priority IS
    'Rank in the queue: higher is served first, then the lower position; 0 is normal.';
COMMENT ON COLUMN ticketing.waitlist.position IS
    'Order of arrival, numbered by the database; breaks ties that timestamps cannot. One sequence '
    'serves all tenants, so gaps are normal.';
COMMENT ON SEQUENCE ticketing.waitlist_position_seq IS
    'Numbers the places of all queues and tenants, so the numbers of one queue have gaps; only '
    'their order counts.';
COMMENT ON COLUMN ticketing.waitlist.notified_at IS
    'When the latest offer was made. NULL: no offer yet.';
COMMENT ON COLUMN ticketing.waitlist.offer_expires_at IS
    'When the latest offer lapses; later than notified_at. NULL: no offer yet.';
COMMENT ON COLUMN ticketing.waitlist.reservation_id IS
    'Reservation that holds the offered places. NULL: no offer yet.';
COMMENT ON COLUMN ticketing.waitlist.offer_count IS
    'How many offers this row has received; 0 before the first.';
COMMENT ON COLUMN ticketing.waitlist.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.waitlist.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.waitlist.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_waitlist ON ticketing.waitlist IS
    'One row per place in a queue of a tenant.';
COMMENT ON CONSTRAINT fk_waitlist_tenant_id ON ticketing.waitlist IS
    'The tenant must exist; it cannot be deleted while it has waitlist rows.';
COMMENT ON CONSTRAINT fk_waitlist_ticket_type_id ON ticketing.waitlist IS
    'The ticket type belongs to the same tenant; it cannot be deleted while people queue or have '
    'queued for it.';
COMMENT ON CONSTRAINT fk_waitlist_user_id ON ticketing.waitlist IS
    'The person belongs to the same tenant; the user cannot be deleted while waitlist rows refer '
    'to it.';
COMMENT ON CONSTRAINT fk_waitlist_reservation_id ON ticketing.waitlist IS
    'The reservation behind an offer belongs to the same tenant; it cannot be deleted while the '
    'row refers to it.';
COMMENT ON CONSTRAINT chk_waitlist_quantity_positive ON ticketing.waitlist IS
    'At least one place is wanted.';
COMMENT ON CONSTRAINT chk_waitlist_status ON ticketing.waitlist IS
    'Only the known states of a waitlist row are stored.';
COMMENT ON CONSTRAINT chk_waitlist_offer ON ticketing.waitlist IS
    'A notified row has its offer time, deadline and reservation, so no offer is made without '
    'places behind it; a deadline lies after the offer.';
COMMENT ON INDEX ticketing.uq_waitlist_one_live IS
    'One active or notified row per person and ticket type; prevents queueing twice. Ended rows '
    'do not block a return to the queue.';
COMMENT ON INDEX ticketing.idx_waitlist_queue IS
    'Serves the choice of the next offer: active rows of a ticket type, highest priority first, '
    'then oldest.';
COMMENT ON INDEX ticketing.idx_waitlist_offer_expiry IS
    'Serves the expiry sweeper: offers of all tenants that have lapsed. Holds open offers alone.';
COMMENT ON INDEX ticketing.idx_waitlist_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds all waitlist rows of a ticket type, ended ones '
    'included.';
COMMENT ON INDEX ticketing.idx_waitlist_user_id IS
    'Covers the foreign key to users: finds the waitlist rows of a person.';
COMMENT ON INDEX ticketing.idx_waitlist_reservation_id IS
    'Covers the foreign key to reservations: finds the waitlist row behind a reservation.';

GRANT SELECT ON ticketing.waitlist TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.waitlist TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    quantity, status, priority, notified_at, offer_expires_at, reservation_id, offer_count
) ON ticketing.waitlist TO ticketing_app, ticketing_worker;
