ALTER TABLE ticketing.reservations
    ADD COLUMN total_cents bigint,
    ADD COLUMN currency text,
    ADD COLUMN returned_quantity integer NOT NULL DEFAULT 0;

COMMENT ON COLUMN ticketing.reservations.total_cents IS
    'Price of all tickets of the row together, in minor units of currency, as it was when they '
    'were reserved: a later change of the price does not alter it. NULL when it was reserved '
    'without a price; then the price of the type at confirmation counts.';
COMMENT ON COLUMN ticketing.reservations.currency IS
    'ISO 4217 code of total_cents; NULL with it.';
COMMENT ON COLUMN ticketing.reservations.returned_quantity IS
    'How many tickets of a confirmed reservation were refunded, their places back on sale; the '
    'counters in ticket_inventory count the rest as sold. It only grows.';

GRANT UPDATE (returned_quantity) ON ticketing.reservations TO ticketing_app, ticketing_worker;
