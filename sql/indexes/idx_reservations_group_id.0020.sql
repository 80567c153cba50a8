CREATE INDEX CONCURRENTLY idx_reservations_group_id
    ON ticketing.reservations (tenant_id, group_id)
    WHERE group_id IS NOT NULL;

COMMENT ON INDEX ticketing.idx_reservations_group_id IS
    'Finds the reservations of one cart, which are confirmed and cancelled together.';
