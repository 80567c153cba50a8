CREATE OR REPLACE FUNCTION ticketing.update_user_ticket_stats()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- One entry a sold ticket in each.
    v_tenants uuid[];
    v_users uuid[];
    v_cents bigint[];
    v_buyer record;
BEGIN
    -- A re-issued ticket was bought once already, an imported one was bought elsewhere; neither
    -- may count when an import is repeated.
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(n.tenant_id), array_agg(n.user_id), array_agg(n.price_cents)
        INTO v_tenants, v_users, v_cents
        FROM new_rows AS n
        WHERE
            n.status IN ('sold', 'active')
            AND n.user_id IS NOT NULL
            AND n.replaces_ticket_id IS NULL
            AND n.external_source IS NULL;
    ELSE
        SELECT array_agg(n.tenant_id), array_agg(n.user_id), array_agg(n.price_cents)
        INTO v_tenants, v_users, v_cents
        FROM new_rows AS n
        INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
        WHERE
            o.status IN ('available', 'reserved')
            AND n.status = 'sold'
            AND n.user_id IS NOT NULL
            AND n.replaces_ticket_id IS NULL
            AND n.external_source IS NULL;
    END IF;

    -- People in one order, so that two bulk sales cannot deadlock.
    FOR v_buyer IN
        SELECT
            s.tenant_id,
            s.user_id,
            count(*) AS tickets,
            coalesce(sum(s.cents), 0) AS cents
        FROM unnest(v_tenants, v_users, v_cents) AS s (tenant_id, user_id, cents)
        GROUP BY s.tenant_id, s.user_id
        ORDER BY s.tenant_id, s.user_id
    LOOP
        UPDATE ticketing.users AS u
        SET
            ticket_purchase_count = u.ticket_purchase_count + v_buyer.tickets,
            total_spent_cents = u.total_spent_cents + v_buyer.cents
        WHERE u.tenant_id = v_buyer.tenant_id AND u.id = v_buyer.user_id;
    END LOOP;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.update_user_ticket_stats() IS
    'Statement trigger of tickets, for the moment a ticket first belongs to a buyer: made as sold '
    'or active, or moved from available or reserved to sold. Raises the buyer''s '
    'ticket_purchase_count and total_spent_cents; imports and re-issues do not count. SECURITY '
    'DEFINER because no other role may write these counters.';
