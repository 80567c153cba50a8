CREATE OR REPLACE FUNCTION ticketing.lock_refund(
    p_refund_id uuid
)
RETURNS ticketing.refunds
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant_id uuid := ticketing.current_tenant_id();
    v_refund ticketing.refunds;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant_id);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not decide on refunds'
            USING
                ERRCODE = 'TK119',
                HINT = 'Let the service do it, in a session that acts for the tenant.';
    END IF;

    -- The order first, as everywhere; a refund never changes its order.
    PERFORM ticketing.lock_order(
        (
            SELECT r.order_id
            FROM ticketing.refunds AS r
            WHERE r.tenant_id = v_tenant_id AND r.id = p_refund_id
        )
    );

    SELECT r.*
    INTO v_refund
    FROM ticketing.refunds AS r
    WHERE r.tenant_id = v_tenant_id AND r.id = p_refund_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'refund % does not exist', coalesce(p_refund_id::text, 'NULL')
            USING
                ERRCODE = 'TK610',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    RETURN v_refund;
END;
$function$;

COMMENT ON FUNCTION ticketing.lock_refund(uuid) IS
    'Locks a refund and, before it, its order until the transaction ends, and returns the refund. '
    'Everything that decides on a refund begins so. Raises TK610 for a refund that the tenant has '
    'not, TK119 in a customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.lock_refund(uuid) TO ticketing_app, ticketing_worker;
