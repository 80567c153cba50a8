CREATE OR REPLACE FUNCTION ticketing.reissue_ticket(
    p_ticket_id uuid,
    p_code_hash text,
    p_reason text DEFAULT 'reissue'
)
RETURNS TABLE (
    credential_id uuid,
    credential_version integer,
    outcome text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_fault text;
    v_ticket record;
    v_current record;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    v_fault := CASE
        WHEN p_code_hash IS NULL OR p_code_hash !~ '^[0-9a-f]{64}$'
            THEN 'p_code_hash is no SHA-256 in lower-case hex'
        WHEN p_reason IS NULL OR p_reason NOT IN ('transfer', 'reissue', 'lost', 'fraud')
            THEN 'p_reason is none of transfer, reissue, lost, fraud'
    END;

    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION '%', v_fault
            USING ERRCODE = 'TK001', HINT = 'Hash the new code, and say why the old one ends.';
    END IF;

    -- The lock that doors and transfers take: from here on they see the old code or the new one.
    SELECT t.status, t.credential_version, t.qr_code
    INTO v_ticket
    FROM ticketing.tickets AS t
    WHERE
        t.tenant_id = v_tenant
        AND t.id = p_ticket_id
        AND (ticketing.acts_for_tenant() OR t.user_id = ticketing.current_user_id())
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket % does not exist', coalesce(p_ticket_id::text, 'NULL')
            USING
                ERRCODE = 'TK242',
                HINT = 'Check the id and that app.current_tenant_id names its tenant; a customer '
                    'has only tickets of their own.';
    END IF;

    IF v_ticket.status NOT IN ('sold', 'minted', 'active', 'transferred', 'checked_in') THEN
        RAISE EXCEPTION 'ticket % is %, so it gets no code', p_ticket_id, v_ticket.status
            USING
                ERRCODE = 'TK243',
                HINT = 'Only a ticket that is sold and has not ended has a code; an ended one is '
                    'replaced by a new ticket.';
    END IF;

    SELECT c.id, c.code_hash
    INTO v_current
    FROM ticketing.ticket_credentials AS c
    WHERE c.tenant_id = v_tenant AND c.ticket_id = p_ticket_id AND c.status = 'active';

    IF v_current.code_hash = p_code_hash THEN
        RETURN QUERY SELECT v_current.id, v_ticket.credential_version, 'replayed';
        RETURN;
    END IF;

    outcome := 'issued';
    credential_version := v_ticket.credential_version;

    IF v_current.id IS NOT NULL OR v_ticket.qr_code IS NOT NULL THEN
        outcome := 'reissued';

        -- Before the ticket, whose trigger would not know why.
        UPDATE ticketing.ticket_credentials AS c
        SET status = 'revoked', revoked_reason = p_reason, revoked_at = clock_timestamp()
        WHERE c.tenant_id = v_tenant AND c.id = v_current.id;

        UPDATE ticketing.tickets AS t
        SET credential_version = t.credential_version + 1
        WHERE t.tenant_id = v_tenant AND t.id = p_ticket_id
        RETURNING t.credential_version INTO credential_version;
    END IF;

    INSERT INTO ticketing.ticket_credentials AS c (
        tenant_id, ticket_id, code_hash, credential_version
    ) VALUES (v_tenant, p_ticket_id, p_code_hash, reissue_ticket.credential_version)
    ON CONFLICT ON CONSTRAINT uq_ticket_credentials_code DO NOTHING
    RETURNING c.id INTO credential_id;

    IF credential_id IS NULL THEN
        RAISE EXCEPTION 'the new code of ticket % is, or was, the code of a ticket', p_ticket_id
            USING
                ERRCODE = 'TK240',
                HINT = 'Make a new code from a random source; a dead code is never used again.';
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.reissue_ticket(uuid, text, text) IS
    'Gives a ticket a new code, by its SHA-256: the first one (outcome issued), or one in place of '
    'the old, which is dead from then on, at every door (reissued). p_reason says why: reissue, '
    'lost, fraud, transfer. The same code again is replayed and changes nothing. qr_code and '
    'barcode are emptied with the old code. A customer''s session may do it for tickets of its '
    'own. Raises TK240 for a code that is or was in use, TK242 for an unknown ticket, TK243 for '
    'one that is not sold or has ended, TK001 for a bad argument, TK701 without a tenant. SECURITY '
    'DEFINER because no role may write codes by hand.';

GRANT EXECUTE ON FUNCTION ticketing.reissue_ticket(uuid, text, text)
TO ticketing_app, ticketing_worker;
