CREATE OR REPLACE FUNCTION ticketing.apply_refund_to_order()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_order record;
BEGIN
    -- A refund that was made here passes through its states; only one that was seen at the provider
    -- arrives completed.
    IF TG_OP = 'INSERT' AND NEW.source <> 'external' THEN
        RAISE EXCEPTION 'refund % of source % cannot arrive completed', NEW.id, NEW.source
            USING
                ERRCODE = 'TK604',
                HINT = 'Insert it as pending or approved, or with source external.';
    END IF;

    -- The lock on the order makes refunds of one order queue, so their sum is exact.
    SELECT o.paid_cents, o.refunded_cents, o.currency
    INTO v_order
    FROM ticketing.orders AS o
    WHERE o.tenant_id = NEW.tenant_id AND o.id = NEW.order_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'order % of refund % does not exist', NEW.order_id, NEW.id
            USING
                ERRCODE = 'TK603',
                HINT = 'The copy of the order must have arrived before its refund is completed.';
    END IF;

    IF NEW.currency <> v_order.currency THEN
        RAISE EXCEPTION 'refund % is in %, its order in %', NEW.id, NEW.currency, v_order.currency
            USING ERRCODE = 'TK602', HINT = 'Refund in the currency that was paid.';
    END IF;

    IF v_order.refunded_cents + NEW.amount_cents > v_order.paid_cents THEN
        RAISE EXCEPTION 'refund % of % exceeds the % that order % has left',
            NEW.id,
            NEW.amount_cents,
            v_order.paid_cents - v_order.refunded_cents,
            NEW.order_id
            USING
                ERRCODE = 'TK601',
                HINT = 'Look for an earlier refund of the same order before lowering the amount.';
    END IF;

    UPDATE ticketing.orders AS o
    SET refunded_cents = o.refunded_cents + NEW.amount_cents
    WHERE o.tenant_id = NEW.tenant_id AND o.id = NEW.order_id;

    RETURN NULL;
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_refund_to_order() IS
    'AFTER trigger of refunds, for the moment one becomes completed: adds its amount to '
    'orders.refunded_cents under the lock of the order; never more than was paid (TK601), never in '
    'another currency (TK602), never for an unknown order (TK603). One that arrives '
    'completed was made outside (TK604). SECURITY DEFINER because no other role may write that '
    'sum.';
