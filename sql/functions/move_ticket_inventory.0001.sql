CREATE OR REPLACE FUNCTION ticketing.move_ticket_inventory(
    p_tenant_id uuid,
    p_ticket_type_id uuid,
    p_reserved bigint DEFAULT 0,
    p_sold bigint DEFAULT 0,
    p_held bigint DEFAULT 0
)
RETURNS void
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $function$
DECLARE
    -- A snapshot held open anywhere keeps every version of the row, and each update walks them
    -- all. After so many updates the row continues under the next epoch, where the walk is short.
    c_updates_per_epoch CONSTANT integer := 500;
    v_inventory ticketing.ticket_inventory;
    v_epoch bigint;
BEGIN
    LOOP
        -- Newest epoch first: index entries of closed epochs are never visited. A small table
        -- would be scanned instead, dead versions and all, hence enable_seqscan above.
        SELECT i.epoch
        INTO v_epoch
        FROM ticketing.ticket_inventory AS i
        WHERE i.tenant_id = p_tenant_id AND i.ticket_type_id = p_ticket_type_id
        ORDER BY i.epoch DESC
        LIMIT 1;

        IF NOT FOUND THEN
            RAISE EXCEPTION 'ticket type % has no inventory', p_ticket_type_id
                USING
                    ERRCODE = 'TK107',
                    HINT = 'The row is made with its ticket type and must not be deleted.';
        END IF;

        -- The row lock makes concurrent callers queue here; each sees the counters its
        -- predecessor left and tests them again.
        UPDATE ticketing.ticket_inventory AS i
        SET
            reserved_quantity = i.reserved_quantity + p_reserved,
            sold_quantity = i.sold_quantity + p_sold,
            held_quantity = i.held_quantity + p_held,
            epoch = i.epoch + (i.updates + 1) / c_updates_per_epoch,
            updates = (i.updates + 1) % c_updates_per_epoch,
            updated_at = clock_timestamp()
        WHERE
            i.tenant_id = p_tenant_id
            AND i.ticket_type_id = p_ticket_type_id
            AND i.epoch = v_epoch
            AND i.reserved_quantity + p_reserved >= 0
            AND i.sold_quantity + p_sold >= 0
            AND i.held_quantity + p_held >= 0
            AND i.available_quantity >= p_reserved + p_sold + p_held;

        EXIT WHEN FOUND;

        -- Either the move does not fit, or the row went on to its next epoch while we waited.
        SELECT i.*
        INTO v_inventory
        FROM ticketing.ticket_inventory AS i
        WHERE i.tenant_id = p_tenant_id AND i.ticket_type_id = p_ticket_type_id
        ORDER BY i.epoch DESC
        LIMIT 1;

        CONTINUE WHEN v_inventory.epoch IS DISTINCT FROM v_epoch;

        IF v_inventory.reserved_quantity + p_reserved < 0
            OR v_inventory.sold_quantity + p_sold < 0
            OR v_inventory.held_quantity + p_held < 0
        THEN
            RAISE EXCEPTION 'ticket type % would give back more than its counters hold',
                p_ticket_type_id
                USING
                    ERRCODE = 'TK107',
                    DETAIL = format(
                        'reserved %s %s, sold %s %s, held %s %s',
                        v_inventory.reserved_quantity, p_reserved,
                        v_inventory.sold_quantity, p_sold,
                        v_inventory.held_quantity, p_held
                    ),
                    HINT = 'Compare the counters with the rows: SELECT from '
                        'ticketing.ticket_inventory_drift with the tenant set.';
        END IF;

        RAISE EXCEPTION 'ticket type % has % left, % wanted',
            p_ticket_type_id, v_inventory.available_quantity, p_reserved + p_sold + p_held
            USING
                ERRCODE = 'TK101',
                HINT = 'Ask for fewer, or try again when reservations have expired.';
    END LOOP;
END;
$function$;

COMMENT ON FUNCTION ticketing.move_ticket_inventory(uuid, uuid, bigint, bigint, bigint) IS
    'The only code that moves the counters of a ticket type. Adds the given amounts, negative to '
    'give back, if there is room, else raises TK101; raises TK107 rather than go below zero. '
    'Called last in a transaction by the triggers of the rows that are counted; executable by '
    'ticketing_owner alone.';
