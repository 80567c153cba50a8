CREATE OR REPLACE FUNCTION ticketing.mark_ticket_pass_produced(
    p_pass_id uuid,
    p_claim_number integer,
    p_pass_version integer,
    p_metadata jsonb DEFAULT '{}',
    p_pass_type_id text DEFAULT NULL,
    p_auth_token_hash text DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_pass ticketing.ticket_passes := ticketing.lock_claimed_ticket_pass(
        p_pass_id, p_claim_number, 'produced'
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
        -- It changed while it was built, and is due again as soon as the claim is gone.
        UPDATE ticketing.ticket_passes AS p
        SET
            claimed_by = NULL,
            claimed_until = NULL
        WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id;

        RETURN 'outdated';
    END IF;

    IF v_pass.status = 'produced' THEN
        RETURN 'produced';
    END IF;

    UPDATE ticketing.ticket_passes AS p
    SET
        status = 'produced',
        pass_type_id = coalesce(p.pass_type_id, p_pass_type_id),
        auth_token_hash = coalesce(p.auth_token_hash, p_auth_token_hash),
        -- A newer code would have raised pass_version.
        credential_version = (
            SELECT t.credential_version
            FROM ticketing.tickets AS t
            WHERE t.tenant_id = p.tenant_id AND t.id = p.ticket_id
        ),
        metadata = p.metadata || p_metadata
    WHERE p.tenant_id = v_pass.tenant_id AND p.id = v_pass.id;

    RETURN 'produced';
END;
$function$;

COMMENT ON FUNCTION ticketing.mark_ticket_pass_produced(
    uuid, integer, integer, jsonb, text, text
) IS
    'Notes that a worker has built a claimed pass, and ends the claim. Returns produced, or '
    'outdated when p_pass_version is not the pass''s any more: then what was built shows '
    'something old, is not to be delivered, and the pass is due again. Type and hash of the '
    'token are stored the first time and kept. Called again with the same arguments it '
    'answers the same. TK740 unknown, TK744 not the last claim, or over; TK001 for a wrong '
    'argument, TK745 in a customer''s session, TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.mark_ticket_pass_produced(
    uuid, integer, integer, jsonb, text, text
)
TO ticketing_app, ticketing_worker;
