CREATE OR REPLACE VIEW ticketing.ticket_type_availability
WITH (security_invoker = TRUE) AS
SELECT
    t.tenant_id,
    t.event_id,
    t.id AS ticket_type_id,
    t.name,
    t.price_cents,
    t.currency,
    t.sale_start,
    t.sale_end,
    t.is_active,
    i.quantity,
    i.reserved_quantity,
    i.sold_quantity,
    i.held_quantity,
    i.available_quantity
FROM ticketing.ticket_types AS t
INNER JOIN ticketing.ticket_inventory AS i
    ON t.tenant_id = i.tenant_id AND t.id = i.ticket_type_id;

COMMENT ON VIEW ticketing.ticket_type_availability IS
    'Ticket types with their counters, for readers: one row a type, under the reader''s own row '
    'level security.';
COMMENT ON COLUMN ticketing.ticket_type_availability.tenant_id IS
    'Tenant that owns the row; a reader sees those of their own alone.';
COMMENT ON COLUMN ticketing.ticket_type_availability.event_id IS
    'Event the type sells admission to.';
COMMENT ON COLUMN ticketing.ticket_type_availability.ticket_type_id IS
    'Product of the event, as in ticket_types.';
COMMENT ON COLUMN ticketing.ticket_type_availability.name IS
    'Name of the type as buyers see it.';
COMMENT ON COLUMN ticketing.ticket_type_availability.price_cents IS
    'Price of one ticket in minor units of currency.';
COMMENT ON COLUMN ticketing.ticket_type_availability.currency IS
    'ISO 4217 code of the price.';
COMMENT ON COLUMN ticketing.ticket_type_availability.sale_start IS
    'First moment at which reservations are accepted.';
COMMENT ON COLUMN ticketing.ticket_type_availability.sale_end IS
    'First moment at which they no longer are.';
COMMENT ON COLUMN ticketing.ticket_type_availability.is_active IS
    'False while the type is withdrawn from sale.';
COMMENT ON COLUMN ticketing.ticket_type_availability.quantity IS
    'Tickets to be sold in all.';
COMMENT ON COLUMN ticketing.ticket_type_availability.reserved_quantity IS
    'Tickets in pending reservations: off sale until those are paid for or run out.';
COMMENT ON COLUMN ticketing.ticket_type_availability.sold_quantity IS
    'Tickets in confirmed reservations.';
COMMENT ON COLUMN ticketing.ticket_type_availability.held_quantity IS
    'Tickets the organiser keeps back.';
COMMENT ON COLUMN ticketing.ticket_type_availability.available_quantity IS
    'What can still be reserved.';

GRANT SELECT ON ticketing.ticket_type_availability
TO ticketing_app, ticketing_worker, ticketing_readonly;
