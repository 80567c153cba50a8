ALTER TABLE ticketing.refunds
    ADD CONSTRAINT fk_refunds_order_id FOREIGN KEY (tenant_id, order_id)
        REFERENCES ticketing.orders (tenant_id, id) ON DELETE RESTRICT NOT VALID;

COMMENT ON CONSTRAINT fk_refunds_order_id ON ticketing.refunds IS
    'The order belongs to the same tenant; it cannot be deleted while refunds refer to it, and a '
    'refund waits until the copy of its order has arrived.';
