CREATE OR REPLACE FUNCTION ticketing.import_external_ticket(
    p_source text,
    p_external_id text,
    p_event_id uuid,
    p_ticket_type_id uuid,
    p_purchaser_email text DEFAULT NULL,
    p_status text DEFAULT 'valid',
    p_external_version bigint DEFAULT NULL,
    p_user_id uuid DEFAULT NULL,
    p_ticket_number text DEFAULT NULL,
    p_qr_code text DEFAULT NULL,
    p_barcode text DEFAULT NULL,
    p_section text DEFAULT NULL,
    p_row text DEFAULT NULL,
    p_seat text DEFAULT NULL,
    p_price_cents bigint DEFAULT NULL,
    p_currency text DEFAULT 'USD',
    p_purchased_at timestamptz DEFAULT NULL,
    p_metadata jsonb DEFAULT '{}',
    p_channels text[] DEFAULT '{apple_wallet,google_wallet}'
)
RETURNS TABLE (imported_ticket_id uuid, outcome text)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_tenant uuid := ticketing.current_tenant_id();
    v_email text := nullif(lower(btrim(p_purchaser_email)), '');
    v_source text := coalesce(current_setting('app.status_change_source', TRUE), '');
    v_ticket ticketing.tickets;
    v_actor text;
    v_voided bigint;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session does not import tickets'
            USING ERRCODE = 'TK745', HINT = 'Use a session that acts for the tenant.';
    END IF;

    IF p_source IS NULL OR p_source !~ '^[a-z][a-z0-9_]{0,62}$' THEN
        RAISE EXCEPTION 'the source of the ticket is no short name'
            USING ERRCODE = 'TK001', HINT = 'Name the outside system, such as ticket_tailor.';
    END IF;

    IF coalesce(length(p_external_id), 0) NOT BETWEEN 1 AND 255
        OR p_external_id <> btrim(p_external_id)
    THEN
        RAISE EXCEPTION 'the id of the ticket at % is missing or malformed', p_source
            USING ERRCODE = 'TK001', HINT = 'Pass the id as received, such as it_123.';
    END IF;

    IF p_status IS NULL OR p_status NOT IN ('valid', 'voided') THEN
        RAISE EXCEPTION 'ticket % of % is neither valid nor voided', p_external_id, p_source
            USING ERRCODE = 'TK001', HINT = 'Map the status of the source to valid or voided.';
    END IF;

    IF p_status = 'valid' AND v_email IS NULL AND p_user_id IS NULL THEN
        RAISE EXCEPTION 'ticket % of % has no holder', p_external_id, p_source
            USING ERRCODE = 'TK001', HINT = 'Pass the buyer''s e-mail address or the user.';
    END IF;

    IF p_currency IS NULL
        OR p_price_cents NOT BETWEEN 0 AND 99999999999999
        OR length(p_ticket_number) > 255
        OR length(p_qr_code) > 500
        OR length(p_barcode) > 255
        OR length(p_section) > 100
        OR length(p_row) > 100
        OR length(p_seat) > 100
    THEN
        RAISE EXCEPTION 'price, code or seat of ticket % is missing or malformed', p_external_id
            USING
                ERRCODE = 'TK001',
                HINT = 'Name the currency, a price from 0 on, a number and a barcode of up to 255 '
                    'characters, a QR code of up to 500, and 100 for each of section, row and '
                    'seat.';
    END IF;

    IF p_metadata IS NULL OR jsonb_typeof(p_metadata) <> 'object' THEN
        RAISE EXCEPTION 'the metadata of ticket % is no JSON object', p_external_id
            USING ERRCODE = 'TK001', HINT = 'Pass an object, {} for none.';
    END IF;

    IF p_channels IS NULL
        OR array_position(p_channels, NULL) IS NOT NULL
        OR NOT p_channels <@ ARRAY['apple_wallet', 'google_wallet']
    THEN
        RAISE EXCEPTION 'the channels of a pass are not known'
            USING ERRCODE = 'TK001', HINT = 'Name apple_wallet, google_wallet or both.';
    END IF;

    SELECT t.*
    INTO v_ticket
    FROM ticketing.tickets AS t
    WHERE
        t.tenant_id = v_tenant
        AND t.external_source = p_source
        AND t.external_id = p_external_id
    FOR NO KEY UPDATE;

    IF NOT FOUND THEN
        -- Nobody has anything of it, and its seat may be somebody else's by now.
        IF p_status = 'voided' THEN
            outcome := 'skipped';
            RETURN NEXT;
            RETURN;
        END IF;

        IF p_event_id IS NULL OR p_ticket_type_id IS NULL THEN
            RAISE EXCEPTION 'ticket % of % is of no event or type', p_external_id, p_source
                USING ERRCODE = 'TK001', HINT = 'Name the event and the ticket type.';
        END IF;

        -- Of two first imports at once, the second would meet the row at its ticket number before
        -- its external id, and get an error.
        PERFORM pg_advisory_xact_lock(
            hashtext('ticketing.import_external_ticket'),
            hashtext(concat_ws(':', v_tenant, p_source, p_external_id))
        );

        IF btrim(v_source) = '' THEN
            PERFORM set_config('app.status_change_source', 'import', TRUE);
        END IF;

        INSERT INTO ticketing.tickets AS t (
            tenant_id, event_id, ticket_type_id, user_id, original_purchaser_id, external_source,
            external_id, external_version, purchaser_email, ticket_number, qr_code, barcode,
            section, "row", seat, price_cents, currency, purchased_at, metadata, status
        ) VALUES (
            v_tenant, p_event_id, p_ticket_type_id, p_user_id, p_user_id, p_source,
            p_external_id, p_external_version, v_email,
            coalesce(p_ticket_number, format('%s:%s', p_source, p_external_id)), p_qr_code,
            p_barcode, p_section, p_row, p_seat, p_price_cents, p_currency, p_purchased_at,
            p_metadata, 'active'
        )
        ON CONFLICT (tenant_id, external_source, external_id) WHERE external_id IS NOT NULL
            DO NOTHING
        RETURNING t.id INTO imported_ticket_id;

        PERFORM set_config('app.status_change_source', v_source, TRUE);

        IF imported_ticket_id IS NOT NULL THEN
            PERFORM ticketing.create_ticket_passes(imported_ticket_id, p_channels);
            outcome := 'imported';
            RETURN NEXT;
            RETURN;
        END IF;

        SELECT t.*
        INTO STRICT v_ticket
        FROM ticketing.tickets AS t
        WHERE
            t.tenant_id = v_tenant
            AND t.external_source = p_source
            AND t.external_id = p_external_id
        FOR NO KEY UPDATE;
    END IF;

    imported_ticket_id := v_ticket.id;

    IF p_external_version < v_ticket.external_version THEN
        outcome := 'stale';
    ELSIF p_status = 'voided' THEN
        IF v_ticket.status NOT IN ('used', 'revoked', 'refunded', 'expired', 'cancelled') THEN
            v_actor := ticketing.act_as('system');

            IF btrim(v_source) = '' THEN
                PERFORM set_config('app.status_change_source', 'import', TRUE);
            END IF;

            UPDATE ticketing.tickets AS t
            SET
                -- Who is inside is not called off but thrown out.
                status = CASE t.status WHEN 'checked_in' THEN 'revoked' ELSE 'cancelled' END,
                status_reason = format('voided in %s', p_source),
                external_version = coalesce(p_external_version, t.external_version)
            WHERE t.tenant_id = v_tenant AND t.id = v_ticket.id;

            PERFORM set_config('app.status_change_source', v_source, TRUE);
            PERFORM ticketing.act_as(v_actor);
            outcome := 'voided';
        ELSE
            -- A ticket that was used keeps its status; its pass ends all the same.
            UPDATE ticketing.ticket_passes AS p
            SET voided_at = clock_timestamp()
            WHERE p.tenant_id = v_tenant AND p.ticket_id = v_ticket.id AND p.voided_at IS NULL;

            GET DIAGNOSTICS v_voided = ROW_COUNT;
            outcome := CASE WHEN v_voided > 0 THEN 'voided' ELSE 'unchanged' END;
        END IF;
    ELSIF v_ticket.status IN ('used', 'revoked', 'refunded', 'expired', 'cancelled') THEN
        outcome := 'ended';
    ELSIF (p_event_id, p_ticket_type_id)
        IS DISTINCT FROM (v_ticket.event_id, v_ticket.ticket_type_id)
    THEN
        outcome := 'conflict';
    ELSE
        -- What the message leaves out stays. A row that is what it should be is not written.
        UPDATE ticketing.tickets AS t
        SET
            purchaser_email = coalesce(v_email, t.purchaser_email),
            ticket_number = coalesce(p_ticket_number, t.ticket_number),
            qr_code = coalesce(p_qr_code, t.qr_code),
            barcode = coalesce(p_barcode, t.barcode),
            credential_version = t.credential_version
                + (
                    coalesce(p_qr_code <> t.qr_code, FALSE)
                    OR coalesce(p_barcode <> t.barcode, FALSE)
                )::integer,
            section = coalesce(p_section, t.section),
            "row" = coalesce(p_row, t."row"),
            seat = coalesce(p_seat, t.seat),
            price_cents = coalesce(p_price_cents, t.price_cents),
            purchased_at = coalesce(p_purchased_at, t.purchased_at),
            metadata = t.metadata || p_metadata,
            external_version = coalesce(p_external_version, t.external_version)
        WHERE
            t.tenant_id = v_tenant
            AND t.id = v_ticket.id
            AND (
                coalesce(v_email, t.purchaser_email),
                coalesce(p_ticket_number, t.ticket_number),
                coalesce(p_qr_code, t.qr_code),
                coalesce(p_barcode, t.barcode),
                coalesce(p_section, t.section),
                coalesce(p_row, t."row"),
                coalesce(p_seat, t.seat),
                coalesce(p_price_cents, t.price_cents),
                coalesce(p_purchased_at, t.purchased_at),
                t.metadata || p_metadata,
                coalesce(p_external_version, t.external_version)
            ) IS DISTINCT FROM (
                t.purchaser_email, t.ticket_number, t.qr_code, t.barcode, t.section, t."row",
                t.seat, t.price_cents, t.purchased_at, t.metadata, t.external_version
            );

        outcome := CASE WHEN FOUND THEN 'updated' ELSE 'unchanged' END;

        PERFORM ticketing.create_ticket_passes(v_ticket.id, p_channels);
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.import_external_ticket(
    text, text, uuid, uuid, text, text, bigint, uuid, text, text, text, text, text, text,
    bigint, text, timestamptz, jsonb, text[]
) IS
    'Brings a ticket of an outside system in, or up to date, with a pass for each channel, and '
    'returns its id here and what was done. That is imported; updated; unchanged (nothing is '
    'written); stale (p_external_version is lower than the stored one); voided (cancelled here, '
    'or revoked if its holder is inside, and its passes with it); skipped (voided before it was '
    'ever here, no id); ended (valid there, but over here: it stays so); or conflict (another '
    'event or ticket type there; nothing is written). A NULL leaves what is stored; user and '
    'currency are those of the first time. Import voided ones first: they free seats. TK001 for '
    'a wrong argument, TK745 in a customer''s session, TK701 without a tenant, 23503 for an '
    'event or type that is not here yet.';

GRANT EXECUTE ON FUNCTION ticketing.import_external_ticket(
    text, text, uuid, uuid, text, text, bigint, uuid, text, text, text, text, text, text,
    bigint, text, timestamptz, jsonb, text[]
)
TO ticketing_app, ticketing_worker;
