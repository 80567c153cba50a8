CREATE OR REPLACE FUNCTION ticketing.start_transfer(
    p_ticket_id uuid,
    p_to_email text,
    p_acceptance_code_hash text DEFAULT NULL,
    p_from_user_id uuid DEFAULT NULL,
    p_to_user_id uuid DEFAULT NULL,
    p_transfer_type text DEFAULT 'gift',
    p_transfer_method text DEFAULT 'email',
    p_price_cents bigint DEFAULT 0,
    p_currency text DEFAULT NULL,
    p_transfer_code text DEFAULT NULL,
    p_message text DEFAULT NULL,
    p_time_to_live interval DEFAULT '7 days'
)
RETURNS TABLE (
    transfer_id uuid,
    status text,
    expires_at timestamptz
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_from uuid;
    v_fault text;
    v_ticket record;
    v_now timestamptz;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);
    v_from := ticketing.require_principal(p_from_user_id);

    v_fault := CASE
        WHEN p_ticket_id IS NULL THEN 'p_ticket_id is missing'
        WHEN p_to_email IS NULL OR p_to_email !~ '^[^@\s]+@[^@\s]+$' OR length(p_to_email) > 254
            THEN 'p_to_email is no e-mail address'
        WHEN p_acceptance_code_hash !~ '^[0-9a-f]{64}$'
            THEN 'p_acceptance_code_hash is no SHA-256 in lower-case hex'
        WHEN p_transfer_type IS NULL
            OR p_transfer_type NOT IN ('gift', 'resale', 'admin', 'correction')
            THEN 'p_transfer_type is none of gift, resale, admin, correction'
        WHEN p_transfer_method IS NULL
            OR p_transfer_method NOT IN ('direct', 'email', 'link', 'qr', 'blockchain')
            THEN 'p_transfer_method is none of direct, email, link, qr, blockchain'
        WHEN p_transfer_method = 'direct' AND p_to_user_id IS NULL
            THEN 'p_to_user_id is missing, and a direct transfer has no other recipient'
        WHEN p_price_cents IS NULL OR p_price_cents < 0 THEN 'p_price_cents is no price'
        WHEN p_transfer_type = 'gift' AND p_price_cents > 0
            THEN 'p_price_cents is set, and a gift costs nothing'
        WHEN p_transfer_type = 'resale' AND p_price_cents = 0
            THEN 'p_price_cents is missing, and a resale has a price'
        WHEN p_currency !~ '^[A-Z]{3}$' THEN 'p_currency is no currency'
        WHEN length(p_transfer_code) NOT BETWEEN 1 AND 255
            THEN 'p_transfer_code has not 1 to 255 characters'
        WHEN length(p_message) > 2000 THEN 'p_message is longer than 2000 characters'
        WHEN p_time_to_live IS NULL OR p_time_to_live NOT BETWEEN '1 minute' AND '90 days'
            THEN 'p_time_to_live is not 1 minute to 90 days'
        WHEN v_from IS NULL AND p_transfer_type IN ('gift', 'resale')
            THEN 'p_from_user_id is missing'
        WHEN v_from = p_to_user_id THEN 'p_to_user_id is the sender'
    END;

    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION '%', v_fault
            USING ERRCODE = 'TK001', HINT = 'Nothing was offered. Correct the argument.';
    END IF;

    -- The ticket first: an offer queues here behind a scan, a refund or another offer.
    SELECT
        t.user_id,
        t.currency,
        e.status AS event_status,
        least(
            e.ends_at, e.starts_at - make_interval(hours => e.transfer_deadline_hours), t.expires_at
        ) AS closes_at
    INTO v_ticket
    FROM ticketing.tickets AS t
    INNER JOIN ticketing.events AS e
        ON t.tenant_id = e.tenant_id AND t.event_id = e.id
    WHERE t.tenant_id = v_tenant AND t.id = p_ticket_id
    FOR NO KEY UPDATE OF t;

    IF NOT FOUND THEN
        RAISE EXCEPTION 'ticket % cannot be transferred: the sender does not hold it', p_ticket_id
            USING
                ERRCODE = 'TK206',
                HINT = 'Read the ticket again; only its holder hands on an active ticket.';
    END IF;

    v_now := clock_timestamp();

    IF p_transfer_type IN ('gift', 'resale') THEN
        IF v_ticket.event_status = 'cancelled' OR v_now >= v_ticket.closes_at THEN
            RAISE EXCEPTION 'ticket % can no longer be handed on', p_ticket_id
                USING
                    ERRCODE = 'TK230',
                    HINT = 'Its event is cancelled, over, or past its deadline for transfers, or '
                        'the ticket has run out; only staff may still move it.';
        END IF;
    ELSE
        v_from := coalesce(v_from, v_ticket.user_id);
        v_ticket.closes_at := 'infinity'::timestamptz;
    END IF;

    PERFORM ticketing.expire_overdue_transfer(p_ticket_id);

    -- Under the ticket's lock, which everybody who makes an offer takes; the index is the floor.
    IF EXISTS (
        SELECT 1
        FROM ticketing.ticket_transfers AS r
        WHERE
            r.tenant_id = v_tenant
            AND r.ticket_id = p_ticket_id
            AND r.status IN ('pending', 'accepted')
    ) THEN
        RAISE EXCEPTION 'ticket % is on offer already', p_ticket_id
            USING
                ERRCODE = 'TK220',
                HINT = 'Wait for the answer, or cancel the open transfer first.';
    END IF;

    RETURN QUERY
    INSERT INTO ticketing.ticket_transfers AS r (
        tenant_id, ticket_id, from_user_id, to_user_id, to_email, transfer_code,
        acceptance_code_hash, transfer_type, transfer_method, price_cents, currency, message,
        expires_at
    ) VALUES (
        v_tenant,
        p_ticket_id,
        v_from,
        p_to_user_id,
        lower(p_to_email),
        p_transfer_code,
        p_acceptance_code_hash,
        p_transfer_type,
        p_transfer_method,
        p_price_cents,
        coalesce(p_currency, v_ticket.currency),
        p_message,
        least(v_now + p_time_to_live, v_ticket.closes_at)
    )
    RETURNING r.id, r.status, r.expires_at;
END;
$function$;

COMMENT ON FUNCTION ticketing.start_transfer(
    uuid, text, text, uuid, uuid, text, text, bigint, text, text, text, interval
) IS
    'Offers a ticket to somebody, in the name of p_from_user_id, else of the user of the '
    'transaction; staff transfers (admin, correction) take the holder. One row: the pending offer '
    'and until when it stands: p_time_to_live, and never past the event''s transfer deadline or '
    'end. Give the SHA-256 of an acceptance code, or name p_to_user_id, or the address alone must '
    'do. An overdue offer of the ticket is ended first. Raises TK206 when the ticket is not the '
    'sender''s to hand on, TK209 while the chain is at work, TK220 for a ticket that is on offer, '
    'TK225 and TK226 for its price, TK229 for a staff transfer in a customer''s session, TK230 '
    'when transfers have closed, TK401 for a customer who names another sender, TK001 for a bad '
    'argument, TK701 without a tenant, 23503 for an unknown recipient, 23505 '
    '(uq_ticket_transfers_code) for a transfer code in use.';

GRANT EXECUTE ON FUNCTION ticketing.start_transfer(
    uuid, text, text, uuid, uuid, text, text, bigint, text, text, text, interval
) TO ticketing_app, ticketing_worker;
