CREATE OR REPLACE FUNCTION ticketing.accept_transfer(
    p_transfer_id uuid,
    p_acceptance_code_hash text DEFAULT NULL,
    p_user_id uuid DEFAULT NULL,
    p_code_hash text DEFAULT NULL
)
RETURNS TABLE (
    transfer_id uuid,
    ticket_id uuid,
    status text,
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
    v_user_id uuid;
    v_user_status text;
    v_fault text;
    v_ticket record;
    v_transfer record;
    v_actor text;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);
    v_user_id := ticketing.require_principal(p_user_id);

    v_fault := CASE
        WHEN v_user_id IS NULL THEN 'p_user_id is missing'
        WHEN p_acceptance_code_hash !~ '^[0-9a-f]{64}$'
            THEN 'p_acceptance_code_hash is no SHA-256 in lower-case hex'
        WHEN p_code_hash !~ '^[0-9a-f]{64}$' THEN 'p_code_hash is no SHA-256 in lower-case hex'
    END;

    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION '%', v_fault
            USING ERRCODE = 'TK001', HINT = 'Name who accepts, and hash codes in UTF-8.';
    END IF;

    SELECT r.id, r.ticket_id
    INTO transfer_id, ticket_id
    FROM ticketing.ticket_transfers AS r
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id;

    -- Ticket, user, transfer, in the order of all: of two who accept, the second waits here and
    -- finds the ticket gone.
    SELECT
        t.user_id,
        t.status,
        t.is_transferable,
        t.transfer_count,
        t.max_transfers,
        t.token_mint,
        t.credential_version,
        e.status AS event_status,
        least(
            e.ends_at, e.starts_at - make_interval(hours => e.transfer_deadline_hours), t.expires_at
        ) AS closes_at
    INTO v_ticket
    FROM ticketing.tickets AS t
    INNER JOIN ticketing.events AS e
        ON t.tenant_id = e.tenant_id AND t.event_id = e.id
    WHERE t.tenant_id = v_tenant AND t.id = accept_transfer.ticket_id
    FOR NO KEY UPDATE OF t;

    SELECT u.status
    INTO v_user_status
    FROM ticketing.users AS u
    WHERE u.tenant_id = v_tenant AND u.id = v_user_id;

    SELECT
        r.status, r.from_user_id, r.to_user_id, r.transfer_type, r.price_cents, r.expires_at,
        r.blockchain_confirmed
    INTO v_transfer
    FROM ticketing.ticket_transfers AS r
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'transfer % does not exist', coalesce(p_transfer_id::text, 'NULL')
            USING
                ERRCODE = 'TK221',
                HINT = 'Check the id and that app.current_tenant_id names its tenant.';
    END IF;

    -- Who asks comes before what became of the offer.
    PERFORM ticketing.require_transfer_recipient(p_transfer_id, v_user_id, p_acceptance_code_hash);

    status := v_transfer.status;
    credential_version := v_ticket.credential_version;

    IF v_transfer.status IN ('accepted', 'completed') THEN
        outcome := 'replayed';
        RETURN NEXT;
        RETURN;
    END IF;

    IF v_transfer.status = 'expired' OR (
        v_transfer.status = 'pending' AND clock_timestamp() >= v_transfer.expires_at
    ) THEN
        RAISE EXCEPTION 'transfer % could be accepted until %',
            p_transfer_id, v_transfer.expires_at
            USING ERRCODE = 'TK207', HINT = 'Ask the sender for a new offer.';
    END IF;

    IF v_transfer.status <> 'pending' THEN
        RAISE EXCEPTION 'transfer % is %', p_transfer_id, v_transfer.status
            USING ERRCODE = 'TK224', HINT = 'Ask the sender for a new offer.';
    END IF;

    IF v_user_status IS NULL THEN
        RAISE EXCEPTION 'the tenant has no user %', v_user_id
            USING
                ERRCODE = 'TK706',
                HINT = 'Check the id; the copy of a new user may still be on its way.';
    END IF;

    IF v_user_status <> 'active' THEN
        RAISE EXCEPTION 'user % is %', v_user_id, v_user_status
            USING ERRCODE = 'TK707', HINT = 'Only the auth service lifts a block.';
    END IF;

    IF v_ticket.user_id IS DISTINCT FROM v_transfer.from_user_id
        OR v_ticket.status NOT IN ('active', 'transferred')
    THEN
        RAISE EXCEPTION 'ticket % is no longer its sender''s to hand on', ticket_id
            USING
                ERRCODE = 'TK227',
                HINT = 'Read the ticket; its holder or its status has changed since the offer.';
    END IF;

    -- Staff may move what holders may not; the organiser may have closed transfers meanwhile.
    IF v_transfer.transfer_type IN ('gift', 'resale') THEN
        IF NOT v_ticket.is_transferable OR v_ticket.transfer_count >= v_ticket.max_transfers THEN
            RAISE EXCEPTION 'ticket % may no longer be handed on', ticket_id
                USING ERRCODE = 'TK206', HINT = 'Read its is_transferable and max_transfers.';
        END IF;

        IF v_ticket.event_status = 'cancelled' OR clock_timestamp() >= v_ticket.closes_at THEN
            RAISE EXCEPTION 'ticket % can no longer be handed on', ticket_id
                USING
                    ERRCODE = 'TK230',
                    HINT = 'Its event is cancelled, over, or past its deadline for transfers, or '
                        'the ticket has run out; only staff may still move it.';
        END IF;
    END IF;

    UPDATE ticketing.ticket_transfers AS r
    SET status = 'accepted', to_user_id = v_user_id
    WHERE r.tenant_id = v_tenant AND r.id = p_transfer_id;

    status := 'accepted';
    outcome := 'accepted';

    -- Nothing left to wait for: no money, and no token on its way.
    IF v_transfer.price_cents = 0
        AND (v_ticket.token_mint IS NULL OR v_transfer.blockchain_confirmed)
    THEN
        -- Whoever accepts, it is the rule that hands the ticket over.
        v_actor := ticketing.act_as('system');

        SELECT c.status, c.credential_version, c.outcome
        INTO status, credential_version, outcome
        FROM ticketing.complete_transfer(p_transfer_id, p_code_hash) AS c;

        PERFORM ticketing.act_as(v_actor);
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.accept_transfer(uuid, text, uuid, text) IS
    'Accepts an offer for p_user_id, else for the user of the transaction, who presents the '
    'SHA-256 of its acceptance code if it has one. outcome completed: the ticket is theirs, the '
    'sender''s code is dead, and p_code_hash, if given, is the new one (complete_transfer). '
    'accepted: the offer has a price to be paid or a token to be moved; call complete_transfer '
    'when that is done. replayed: the same person accepted it before; status says how far it is. '
    'The clock decides, whether or not a sweeper has come by. Raises TK221 for an unknown '
    'transfer, TK222 for a wrong code, TK223 for somebody else''s offer, TK207 for an expired and '
    'TK224 for a closed one, TK706 and TK707 for a user who is unknown or blocked, TK227 when the '
    'ticket is no longer the sender''s or has ended, TK206 and TK230 when it may no longer be '
    'handed on, TK209 while the chain is at work, TK240 for a code in use, TK401, TK001, TK701. '
    'SECURITY DEFINER because a recipient does not see the ticket yet.';

GRANT EXECUTE ON FUNCTION ticketing.accept_transfer(uuid, text, uuid, text)
TO ticketing_app, ticketing_worker;
