CREATE OR REPLACE FUNCTION ticketing.require_resale_price(
    p_transfer_type text,
    p_price_cents bigint,
    p_currency text,
    p_max_price_cents bigint,
    p_ticket_currency text
)
RETURNS void
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF p_transfer_type = 'resale' AND p_price_cents > p_max_price_cents THEN
        RAISE EXCEPTION 'a resale for % exceeds the ceiling of %', p_price_cents, p_max_price_cents
            USING ERRCODE = 'TK225', HINT = 'Ask for no more than max_resale_price_cents.';
    END IF;

    IF p_price_cents > 0 AND p_currency <> p_ticket_currency THEN
        RAISE EXCEPTION 'a price in % is for a ticket in %', p_currency, p_ticket_currency
            USING ERRCODE = 'TK226', HINT = 'Take the currency of the ticket.';
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_resale_price(text, bigint, text, bigint, text) IS
    'Refuses a price of a transfer that is above the ticket''s ceiling for resale (TK225) or in '
    'another currency than the ticket (TK226). No ceiling, or no price, is no fault.';

GRANT EXECUTE ON FUNCTION ticketing.require_resale_price(text, bigint, text, bigint, text)
TO ticketing_app, ticketing_worker;
