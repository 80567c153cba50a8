ALTER TABLE ticketing.order_discounts
    ADD CONSTRAINT fk_order_discounts_order_id FOREIGN KEY (tenant_id, order_id)
        REFERENCES ticketing.orders (tenant_id, id) ON DELETE RESTRICT NOT VALID;

COMMENT ON CONSTRAINT fk_order_discounts_order_id ON ticketing.order_discounts IS
    'The order belongs to the same tenant; it cannot be deleted while it has discounts, reversed '
    'ones included.';
