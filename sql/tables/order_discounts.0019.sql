GRANT UPDATE (amount_cents, applied_at) ON ticketing.order_discounts
TO ticketing_app, ticketing_worker;
