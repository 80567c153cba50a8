CREATE OR REPLACE FUNCTION ticketing.update_user_ticket_stats()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    -- A re-issued ticket was bought once already, an imported one was bought elsewhere; neither
    -- may count when an import is repeated.
    IF NEW.user_id IS NULL
        OR NEW.replaces_ticket_id IS NOT NULL
        OR NEW.external_source IS NOT NULL
    THEN
        RETURN NULL;
    END IF;

    UPDATE ticketing.users AS u
    SET
        ticket_purchase_count = u.ticket_purchase_count + 1,
        total_spent_cents = u.total_spent_cents + coalesce(NEW.price_cents, 0)
    WHERE u.tenant_id = NEW.tenant_id AND u.id = NEW.user_id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.update_user_ticket_stats() IS
    'AFTER trigger of tickets, for the moment a ticket first belongs to a buyer: made as sold or '
    'active, or moved from available or reserved to sold. Raises the buyer''s '
    'ticket_purchase_count and total_spent_cents; imports and re-issues do not count. SECURITY '
    'DEFINER because no other role may write these counters.';
