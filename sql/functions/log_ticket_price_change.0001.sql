CREATE OR REPLACE FUNCTION ticketing.log_ticket_price_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    INSERT INTO ticketing.ticket_price_history (
        tenant_id, ticket_type_id, old_price_cents, new_price_cents, currency, changed_by, reason
    )
    VALUES (
        NEW.tenant_id,
        NEW.id,
        CASE TG_OP WHEN 'UPDATE' THEN OLD.price_cents END,
        NEW.price_cents,
        NEW.currency,
        ticketing.current_user_id(),
        ticketing.status_change_reason()
    );

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_ticket_price_change() IS
    'AFTER trigger of ticket_types: writes ticket_price_history when a type is made and when its '
    'price really changes, with the user and the reason of the session.';
