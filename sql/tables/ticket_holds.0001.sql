CREATE TABLE ticketing.ticket_holds (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    ticket_type_id uuid NOT NULL,
    quantity integer NOT NULL,
    remaining_quantity integer NOT NULL,
    hold_reason text NOT NULL,
    hold_type text NOT NULL DEFAULT 'house',
    held_by uuid,
    status text NOT NULL DEFAULT 'active',
    expires_at timestamptz,
    released_at timestamptz,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_holds PRIMARY KEY (tenant_id, id),
    CONSTRAINT fk_ticket_holds_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_holds_ticket_type_id FOREIGN KEY (tenant_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_holds_type CHECK (
        hold_type IN ('house', 'press', 'sponsor', 'production', 'kill')
    ),
    CONSTRAINT chk_ticket_holds_quantity CHECK (
        quantity > 0
        AND remaining_quantity BETWEEN 0 AND quantity
    ),
    CONSTRAINT chk_ticket_holds_status CHECK (status IN ('active', 'released', 'expired')),
    CONSTRAINT chk_ticket_holds_released CHECK ((status <> 'active') = (released_at IS NOT NULL)),
    CONSTRAINT chk_ticket_holds_closed_empty CHECK (status = 'active' OR remaining_quantity = 0)
);

CREATE INDEX idx_ticket_holds_expiry
    ON ticketing.ticket_holds (expires_at)
    WHERE status = 'active'
        AND expires_at IS NOT NULL;
CREATE INDEX idx_ticket_holds_ticket_type_id
    ON ticketing.ticket_holds (tenant_id, ticket_type_id);
CREATE INDEX idx_ticket_holds_held_by
    ON ticketing.ticket_holds (tenant_id, held_by)
    WHERE held_by IS NOT NULL;

ALTER TABLE ticketing.ticket_holds ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_holds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_holds IS
    'One row is one block of places that the organiser keeps off sale. Services add and close '
    'rows, and no service role may delete one. Never change remaining_quantity alone: '
    'ticket_inventory.held_quantity counts it and must move in the same transaction.';
COMMENT ON COLUMN ticketing.ticket_holds.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_holds.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_holds.ticket_type_id IS
    'Ticket type whose places are kept back; fixed at insert.';
COMMENT ON COLUMN ticketing.ticket_holds.quantity IS
    'Places kept back at the start; at least 1, fixed at insert.';
COMMENT ON COLUMN ticketing.ticket_holds.remaining_quantity IS
    'Places still kept back, from 0 to quantity; 0 once the hold is closed.';
COMMENT ON COLUMN ticketing.ticket_holds.hold_reason IS
    'Why the places are kept back, in words; never NULL.';
COMMENT ON COLUMN ticketing.ticket_holds.hold_type IS
    'Purpose: house (organiser), press, sponsor, production, or kill (places that will not be '
    'sold).';
COMMENT ON COLUMN ticketing.ticket_holds.held_by IS
    'User for whom or by whom the places are kept back. NULL: not recorded.';
COMMENT ON COLUMN ticketing.ticket_holds.status IS
    'active: places are off sale. released: the organiser gave back the rest or all was issued, '
    'final. expired: expires_at passed, final.';
COMMENT ON COLUMN ticketing.ticket_holds.expires_at IS
    'When the hold ends by itself. NULL: it lasts until released.';
COMMENT ON COLUMN ticketing.ticket_holds.released_at IS
    'When the hold was closed, by release or by expiry. NULL: still active.';
COMMENT ON COLUMN ticketing.ticket_holds.version IS
    'Raised by trigger with every update; compare it to refuse a stale write.';
COMMENT ON COLUMN ticketing.ticket_holds.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.ticket_holds.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_holds ON ticketing.ticket_holds IS
    'One row per house hold of a tenant.';
COMMENT ON CONSTRAINT fk_ticket_holds_tenant_id ON ticketing.ticket_holds IS
    'The tenant must exist; it cannot be deleted while it has house holds.';
COMMENT ON CONSTRAINT fk_ticket_holds_ticket_type_id ON ticketing.ticket_holds IS
    'The ticket type belongs to the same tenant; it cannot be deleted while house holds refer to '
    'it.';
COMMENT ON CONSTRAINT chk_ticket_holds_type ON ticketing.ticket_holds IS
    'The kind of hold is one of the known ones, so that reports by kind miss nothing.';
COMMENT ON CONSTRAINT chk_ticket_holds_quantity ON ticketing.ticket_holds IS
    'A hold covers at least one place and never has more left than it began with, nor less than '
    'none.';
COMMENT ON CONSTRAINT chk_ticket_holds_status ON ticketing.ticket_holds IS
    'Only the known states of a house hold are stored.';
COMMENT ON CONSTRAINT chk_ticket_holds_released ON ticketing.ticket_holds IS
    'A closed hold carries the moment it closed, an active one does not.';
COMMENT ON CONSTRAINT chk_ticket_holds_closed_empty ON ticketing.ticket_holds IS
    'A closed hold keeps nothing back; prevents places that stay off sale with nobody holding '
    'them.';
COMMENT ON INDEX ticketing.idx_ticket_holds_expiry IS
    'Serves the expiry sweeper: overdue active holds, oldest first; holds without an end are left '
    'out.';
COMMENT ON INDEX ticketing.idx_ticket_holds_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds the house holds of a ticket type.';
COMMENT ON INDEX ticketing.idx_ticket_holds_held_by IS
    'Covers the foreign key to users: finds the house holds that name a user.';

GRANT SELECT ON ticketing.ticket_holds TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_holds TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    remaining_quantity, hold_reason, hold_type, held_by, status, expires_at, released_at
) ON ticketing.ticket_holds TO ticketing_app, ticketing_worker;
