CREATE OR REPLACE FUNCTION ticketing.close_ticket_claims()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- Whoever ends the ticket, it is the rule that ends its offer.
    v_actor text := ticketing.act_as('system');
BEGIN
    UPDATE ticketing.ticket_transfers AS r
    SET
        status = 'cancelled',
        cancellation_reason = concat_ws(': ', format('ticket %s', n.status), n.status_reason)
    FROM new_rows AS n
    INNER JOIN old_rows AS o ON n.tenant_id = o.tenant_id AND n.id = o.id
    WHERE
        r.tenant_id = n.tenant_id
        AND r.ticket_id = n.id
        AND r.status IN ('pending', 'accepted')
        AND n.status <> o.status
        AND n.status IN ('revoked', 'refunded', 'cancelled', 'expired');

    PERFORM ticketing.act_as(v_actor);
    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.close_ticket_claims() IS
    'Statement trigger of tickets: a ticket that is revoked, refunded, cancelled or expired takes '
    'its open transfer with it, cancelled in the same transaction, so that nobody accepts a dead '
    'ticket.';
