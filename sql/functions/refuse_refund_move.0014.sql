CREATE OR REPLACE FUNCTION ticketing.refuse_refund_move()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION 'refund % is completed and counted at its payment', OLD.id
        USING
            ERRCODE = 'TK002',
            HINT = 'Leave it; correct the books with a row of its own.';
END;
$function$;

COMMENT ON FUNCTION ticketing.refuse_refund_move() IS
    'BEFORE UPDATE trigger of refunds: the payment of a completed refund is fixed (TK002), because '
    'payments.refunded_cents has counted it there.';
