CREATE OR REPLACE FUNCTION ticketing.create_ticket_inventory()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    INSERT INTO ticketing.ticket_inventory (tenant_id, ticket_type_id, quantity)
    VALUES (NEW.tenant_id, NEW.id, 0);

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.create_ticket_inventory() IS
    'AFTER INSERT trigger of ticket_types: makes the counters row of the new type, with nothing to '
    'sell until set_ticket_quantity is called. SECURITY DEFINER because no other role may insert '
    'counters.';
