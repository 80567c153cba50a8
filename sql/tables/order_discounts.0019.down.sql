REVOKE UPDATE (amount_cents, applied_at) ON ticketing.order_discounts
FROM ticketing_app, ticketing_worker;
