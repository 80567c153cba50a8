CREATE OR REPLACE FUNCTION ticketing.log_reservation_change()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ticketing.reservation_history (
            tenant_id, reservation_id, order_id, user_id, status_to, quantity, reason
        )
        SELECT
            n.tenant_id,
            n.id,
            n.order_id,
            n.user_id,
            n.status,
            n.quantity,
            ticketing.status_change_reason()
        FROM new_rows AS n;
    ELSE
        INSERT INTO ticketing.reservation_history (
            tenant_id, reservation_id, order_id, user_id, status_from, status_to, quantity, reason
        )
        SELECT
            n.tenant_id,
            n.id,
            n.order_id,
            n.user_id,
            o.status,
            n.status,
            n.quantity,
            coalesce(n.release_reason, ticketing.status_change_reason())
        FROM new_rows AS n
        INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
        WHERE n.status <> o.status;
    END IF;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.log_reservation_change() IS
    'Statement trigger of reservations: one row of reservation_history for each new reservation '
    'and each change of status, with the reason from release_reason or app.status_change_reason.';
