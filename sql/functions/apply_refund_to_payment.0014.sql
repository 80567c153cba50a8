CREATE OR REPLACE FUNCTION ticketing.apply_refund_to_payment()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_payment record;
BEGIN
    -- The lock on the payment makes its refunds queue, so their sum is exact.
    SELECT p.order_id, p.status, p.currency, p.amount_cents, p.refunded_cents
    INTO v_payment
    FROM ticketing.payments AS p
    WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.payment_id
    FOR NO KEY UPDATE;

    IF
        NOT FOUND
        OR v_payment.order_id <> NEW.order_id
        OR v_payment.currency <> NEW.currency
        OR v_payment.status NOT IN ('succeeded', 'disputed')
    THEN
        RAISE EXCEPTION 'refund % does not fit payment %', NEW.id, NEW.payment_id
            USING
                ERRCODE = 'TK167',
                HINT = 'The payment must be known here, belong to the same order, be in the same '
                    'currency and have taken the money; a copy may still be on its way.';
    END IF;

    IF v_payment.refunded_cents + NEW.amount_cents > v_payment.amount_cents THEN
        RAISE EXCEPTION 'refund % of % exceeds the % that payment % has left',
            NEW.id,
            NEW.amount_cents,
            v_payment.amount_cents - v_payment.refunded_cents,
            NEW.payment_id
            USING
                ERRCODE = 'TK168',
                HINT = 'Look for an earlier refund of the same payment before lowering the amount.';
    END IF;

    UPDATE ticketing.payments AS p
    SET refunded_cents = p.refunded_cents + NEW.amount_cents
    WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.payment_id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_refund_to_payment() IS
    'AFTER trigger of refunds that name a payment: adds the amount of one that becomes '
    'completed to payments.refunded_cents, under the lock of the payment. Only of a payment '
    'that took the money for the same order in the same currency (TK167), and never more than '
    'it took (TK168). SECURITY DEFINER because no other role may write that sum.';
