DO $drop$
BEGIN
    -- Under forced row level security the owner sees no rows.
    ALTER TABLE ticketing.reservations NO FORCE ROW LEVEL SECURITY;

    IF coalesce(current_setting('ticket_schema.allow_data_loss', TRUE), '') <> 'on'
        AND EXISTS (
            SELECT FROM ticketing.reservations AS r
            WHERE r.total_cents IS NOT NULL OR r.returned_quantity > 0
        )
    THEN
        RAISE EXCEPTION 'reservations have prices or refunded places that a downgrade would delete'
            USING
                ERRCODE = 'TK901',
                HINT = 'Save the rows, then allow the loss: --allow-data-loss of ticket-schema, '
                    'or -x allow_data_loss=on of alembic.';
    END IF;

    ALTER TABLE ticketing.reservations FORCE ROW LEVEL SECURITY;
END;
$drop$;

ALTER TABLE ticketing.reservations
    DROP COLUMN total_cents,
    DROP COLUMN currency,
    DROP COLUMN returned_quantity;
