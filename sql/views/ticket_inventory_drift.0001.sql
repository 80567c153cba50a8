CREATE OR REPLACE VIEW ticketing.ticket_inventory_drift
WITH (security_invoker = TRUE) AS
SELECT
    i.tenant_id,
    i.ticket_type_id,
    i.reserved_quantity,
    r.reserved AS reserved_rows,
    i.sold_quantity,
    r.sold AS sold_rows,
    i.held_quantity,
    h.held AS held_rows
FROM ticketing.ticket_inventory AS i
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(r.quantity) FILTER (WHERE r.status = 'pending'), 0) AS reserved,
        coalesce(sum(r.quantity) FILTER (WHERE r.status = 'confirmed'), 0) AS sold
    FROM ticketing.reservations AS r
    WHERE r.tenant_id = i.tenant_id AND r.ticket_type_id = i.ticket_type_id
) AS r
CROSS JOIN LATERAL (
    SELECT coalesce(sum(h.remaining_quantity), 0) AS held
    FROM ticketing.ticket_holds AS h
    WHERE h.tenant_id = i.tenant_id AND h.ticket_type_id = i.ticket_type_id
) AS h
WHERE
    (i.reserved_quantity, i.sold_quantity, i.held_quantity)
    IS DISTINCT FROM (r.reserved, r.sold, h.held);

COMMENT ON VIEW ticketing.ticket_inventory_drift IS
    'Ticket types whose counters differ from the reservations and holds that they count. Always '
    'empty; a row means that somebody went round the triggers. Ask with a tenant set, or as a '
    'superuser: where row level security hides rows it says too little, and as ticketing_owner too '
    'much. Reads every reservation of the tenant, so run it in quiet hours.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.tenant_id IS
    'Tenant that owns the row; a reader sees those of their own alone.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.ticket_type_id IS
    'The ticket type whose counters are off.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.reserved_quantity IS
    'What ticket_inventory counts as pending; reserved_rows is what it ought to be.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.reserved_rows IS
    'What the pending reservations add up to.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.sold_quantity IS
    'What ticket_inventory counts as sold; sold_rows is what it ought to be.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.sold_rows IS
    'What the confirmed reservations add up to.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.held_quantity IS
    'What ticket_inventory counts as kept back; held_rows is what it ought to be.';
COMMENT ON COLUMN ticketing.ticket_inventory_drift.held_rows IS
    'What the open house holds add up to.';

GRANT SELECT ON ticketing.ticket_inventory_drift
TO ticketing_app, ticketing_worker, ticketing_readonly;
