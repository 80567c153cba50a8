CREATE TABLE ticketing.ticket_bundle_items (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    bundle_id uuid NOT NULL,
    ticket_type_id uuid NOT NULL,
    quantity integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_ticket_bundle_items PRIMARY KEY (tenant_id, id),
    CONSTRAINT uq_ticket_bundle_items_type UNIQUE (tenant_id, bundle_id, ticket_type_id),
    CONSTRAINT fk_ticket_bundle_items_tenant_id FOREIGN KEY (tenant_id)
        REFERENCES ticketing.tenants (id) ON DELETE RESTRICT,
    CONSTRAINT fk_ticket_bundle_items_bundle_id FOREIGN KEY (tenant_id, bundle_id)
        REFERENCES ticketing.ticket_bundles (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT fk_ticket_bundle_items_ticket_type_id FOREIGN KEY (tenant_id, ticket_type_id)
        REFERENCES ticketing.ticket_types (tenant_id, id) ON DELETE RESTRICT,
    CONSTRAINT chk_ticket_bundle_items_quantity_positive CHECK (quantity > 0)
);

CREATE INDEX idx_ticket_bundle_items_ticket_type_id
    ON ticketing.ticket_bundle_items (tenant_id, ticket_type_id);

ALTER TABLE ticketing.ticket_bundle_items ENABLE ROW LEVEL SECURITY;
ALTER TABLE ticketing.ticket_bundle_items FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE ticketing.ticket_bundle_items IS
    'One row is one ticket type inside a bundle, with its count. Services write it together with '
    'the bundle; rows go when the bundle is deleted. Changing rows of a bundle on sale changes '
    'what later buyers get.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.tenant_id IS
    'Tenant that owns the row; leads every key and is tested by row level security.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.id IS
    'Random identifier, unique inside the tenant.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.bundle_id IS
    'The offer that this is a part of; when it is deleted, its items go too.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.ticket_type_id IS
    'What a buyer of the bundle gets, among other things.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.quantity IS
    'Tickets of this type in one bundle; at least 1.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.created_at IS
    'When the row was inserted here.';
COMMENT ON COLUMN ticketing.ticket_bundle_items.updated_at IS
    'When the row was last changed; set by trigger.';
COMMENT ON CONSTRAINT pk_ticket_bundle_items ON ticketing.ticket_bundle_items IS
    'One row per item of a bundle of a tenant.';
COMMENT ON CONSTRAINT uq_ticket_bundle_items_type ON ticketing.ticket_bundle_items IS
    'A ticket type stands once in a bundle; raise quantity instead of adding it again. Also '
    'covers the foreign key to ticket_bundles.';
COMMENT ON CONSTRAINT fk_ticket_bundle_items_tenant_id ON ticketing.ticket_bundle_items IS
    'The tenant must exist; it cannot be deleted while it has bundle items.';
COMMENT ON CONSTRAINT fk_ticket_bundle_items_bundle_id ON ticketing.ticket_bundle_items IS
    'The bundle belongs to the same tenant; deleting it deletes its items.';
COMMENT ON CONSTRAINT fk_ticket_bundle_items_ticket_type_id ON ticketing.ticket_bundle_items IS
    'The ticket type belongs to the same tenant; it cannot be deleted while a bundle contains it.';
COMMENT ON CONSTRAINT chk_ticket_bundle_items_quantity_positive ON ticketing.ticket_bundle_items IS
    'A bundle contains at least one ticket of each type listed.';
COMMENT ON INDEX ticketing.idx_ticket_bundle_items_ticket_type_id IS
    'Covers the foreign key to ticket_types: finds the bundles that contain a ticket type.';

GRANT SELECT ON ticketing.ticket_bundle_items
    TO ticketing_app, ticketing_worker, ticketing_readonly;
GRANT INSERT ON ticketing.ticket_bundle_items TO ticketing_app, ticketing_worker;
GRANT UPDATE (
    bundle_id, ticket_type_id, quantity
) ON ticketing.ticket_bundle_items TO ticketing_app, ticketing_worker;
GRANT DELETE ON ticketing.ticket_bundle_items TO ticketing_app, ticketing_worker;
