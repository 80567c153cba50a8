CREATE OR REPLACE FUNCTION ticketing.guard_spending_reversal()
RETURNS trigger
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_spending record;
BEGIN
    SELECT s.user_id, s.currency, s.amount_cents, s.transaction_type
    INTO v_spending
    FROM ticketing.spending_transactions AS s
    WHERE s.tenant_id = NEW.tenant_id AND s.id = NEW.reverses_id;

    -- What the tenant does not have is the foreign key's to refuse.
    IF NOT FOUND THEN
        RETURN NEW;
    END IF;

    IF v_spending.transaction_type = 'reversal'
        OR (NEW.user_id, NEW.currency, NEW.amount_cents)
        IS DISTINCT FROM (v_spending.user_id, v_spending.currency, v_spending.amount_cents)
    THEN
        RAISE EXCEPTION 'spending transaction % cannot be reversed like this', NEW.reverses_id
            USING
                ERRCODE = 'TK724',
                HINT = 'A reversal takes back one whole spending of the same person, and no '
                    'reversal.';
    END IF;

    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION ticketing.guard_spending_reversal() IS
    'BEFORE INSERT trigger of spending_transactions, for reversals: person, currency and amount '
    'are those of the spending that is taken back, which is no reversal itself (TK724).';
