CREATE TABLE ticketing.ticket_inventory (
    tenant_id uuid NOT NULL,
    ticket_type_id uuid NOT NULL,
    epoch bigint NOT NULL DEFAULT 1,
    updates integer NOT NULL DEFAULT 0,
    quantity integer NOT NULL,
    reserved_quantity integer NOT NULL DEFAULT 0,
    sold_quantity integer NOT NULL DEFAULT 0,
    held_quantity integer NOT NULL DEFAULT 0,
    available_quantity integer GENERATED ALWAYS AS (
        quantity - reserved_quantity - sold_quantity - held_quantity
    ) STORED,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_inventory PRIMARY KEY (tenant_id, ticket_type_id, epoch),
    CONSTRAINT fk_ticket_inventory_ticket_type_id FOREIGN KEY (tenant_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT chk_ticket_inventory_quantity_positive CHECK (quantity >= 0),
    CONSTRAINT chk_ticket_inventory_counters_positive CHECK (
        reserved_quantity >= 0
        AND sold_quantity >= 0
        AND held_quantity >= 0
    ),
    CONSTRAINT chk_ticket_inventory_available_positive CHECK (available_quantity >= 0),
    CONSTRAINT chk_ticket_inventory_epoch CHECK (epoch >= 1 AND updates >= 0)
)
WITH (fillfactor = 50);

ALTER TABLE ticketing.ticket_inventory ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_inventory FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_inventory IS
    'The counters of one ticket type, one row a type: the contended row of a sale, referenced by '
    'nothing and touched last. Made with its ticket type; the counters move only through '
    'move_ticket_inventory, together with the reservation or hold that they count. Half of each '
    'page stays free and no further index exists, so that updates stay in place.';
COMMENT ON COLUMN ticketing.ticket_inventory.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_inventory.ticket_type_id IS
    'The ticket type whose tickets are counted.';
COMMENT ON COLUMN ticketing.ticket_inventory.epoch IS
    'Raised by one after every 500 moves. The new key value starts a new chain of row versions, so '
    'a forgotten transaction or a long report elsewhere cannot slow the sale down.';
COMMENT ON COLUMN ticketing.ticket_inventory.updates IS
    'Moves since the epoch began.';
COMMENT ON COLUMN ticketing.ticket_inventory.quantity IS
    'Tickets to be sold in all; set with set_ticket_quantity.';
COMMENT ON COLUMN ticketing.ticket_inventory.reserved_quantity IS
    'Tickets in pending reservations: off sale until those are paid for or run out.';
COMMENT ON COLUMN ticketing.ticket_inventory.sold_quantity IS
    'Tickets in confirmed reservations.';
COMMENT ON COLUMN ticketing.ticket_inventory.held_quantity IS
    'Tickets the organiser keeps back in ticket_holds.';
COMMENT ON COLUMN ticketing.ticket_inventory.available_quantity IS
    'What can still be reserved; computed from the other four, so it cannot drift.';
COMMENT ON COLUMN ticketing.ticket_inventory.updated_at IS
    'When a counter last moved.';
COMMENT ON CONSTRAINT pk_ticket_inventory ON ticketing.ticket_inventory IS
    'Finds the live row by its highest epoch without visiting the versions of older ones.';
COMMENT ON CONSTRAINT fk_ticket_inventory_ticket_type_id ON ticketing.ticket_inventory IS
    'The ticket type belongs to the same tenant; the counters go when it is deleted.';
COMMENT ON CONSTRAINT chk_ticket_inventory_quantity_positive ON ticketing.ticket_inventory IS
    'There cannot be fewer than no tickets to sell.';
COMMENT ON CONSTRAINT chk_ticket_inventory_counters_positive ON ticketing.ticket_inventory IS
    'Nothing is given back that was not taken.';
COMMENT ON CONSTRAINT chk_ticket_inventory_available_positive ON ticketing.ticket_inventory IS
    'The last line against overselling: reserved, sold and held never exceed the quantity.';
COMMENT ON CONSTRAINT chk_ticket_inventory_epoch ON ticketing.ticket_inventory IS
    'Epochs count from one, moves within an epoch from zero.';

GRANT SELECT ON ticketing.ticket_inventory
TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT UPDATE (quantity) ON ticketing.ticket_inventory TO ticketing_app, ticketing_worker;
