CREATE OR REPLACE FUNCTION ticketing.mark_ticket_pass_sent(
    p_pass_id uuid,
    p_claim_number integer,
    p_pass_version integer,
    p_metadata jsonb DEFAULT '{}'
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_pass ticketing.ticket_passes := ticketing.lock_claimed_ticket_pass(
        p_pass_id, p_claim_number, 'sent'
    );
BEGIN
    IF p_pass_version IS NULL OR p_pass_version NOT BETWEEN 1 AND v_pass.pass_version THEN
        RAISE EXCEPTION 'pass % has no version %', v_pass.id, coalesce(p_pass_version::text, 'NULL')
            USING ERRCODE = 'TK001', HINT = 'Pass the pass_version that the claim came with.';
    END IF;

    IF p_metadata IS NULL OR jsonb_typeof(p_metadata) <> 'object' THEN
        RAISE EXCEPTION 'what is to be noted of pass % is no JSON object', v_pass.id
            USING ERRCODE = 'TK001', HINT = 'Pass an object, {} for nothing.';
    END IF;

    IF p_pass_version < v_pass.pass_version THEN
        -- It changed while it was on its way: the holder has something old now, and gets the new
        -- version too.
        UPDATE ticketing.ticket_passes AS p
        SET
            claimed_by = NULL,
            claimed_until = NULL,
            delivered_at = CASE WHEN p.produced_at IS NOT NULL THEN clock_timestamp() END,
            metadata = p.metadata || p_metadata
        WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id;

        RETURN 'outdated';
    END IF;

    IF v_pass.status = 'sent' THEN
        RETURN 'sent';
    END IF;

    UPDATE ticketing.ticket_passes AS p
    SET
        status = 'sent',
        metadata = p.metadata || p_metadata
    WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id;

    RETURN 'sent';
END;
$function$;

COMMENT ON FUNCTION ticketing.mark_ticket_pass_sent(uuid, integer, integer, jsonb) IS
    'Notes that a worker has delivered a claimed pass, and ends the claim. Returns sent, or '
    'outdated when p_pass_version is not the pass''s any more: then the holder has an old '
    'version, and the pass is due to be built and delivered again. Called again with the same '
    'arguments it answers the same. TK740 unknown, TK744 not the last claim, or over; TK201 '
    'not built yet; TK001 for a wrong argument, TK745 in a customer''s session, TK701 without '
    'a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.mark_ticket_pass_sent(uuid, integer, integer, jsonb)
TO ticketing_app, ticketing_worker;
