CREATE OR REPLACE FUNCTION ticketing.record_scan_attempt(
    p_tenant_id uuid,
    p_ticket_id uuid,
    p_event_id uuid,
    p_scanned_by uuid DEFAULT NULL,
    p_device_id text DEFAULT NULL,
    p_location text DEFAULT NULL,
    p_result text DEFAULT NULL,
    p_rejection_reason text DEFAULT NULL,
    p_ip_address inet DEFAULT NULL,
    p_user_agent text DEFAULT NULL,
    p_direction text DEFAULT 'entry',
    p_scanned_at timestamptz DEFAULT NULL,
    p_client_nonce text DEFAULT NULL,
    p_raw_code_hash text DEFAULT NULL,
    p_credential_version integer DEFAULT NULL,
    p_gate text DEFAULT NULL,
    p_offline boolean DEFAULT FALSE,
    p_forced boolean DEFAULT FALSE,
    p_admission_period text DEFAULT 'event',
    p_window_seconds integer DEFAULT NULL,
    p_metadata jsonb DEFAULT '{}'::jsonb
)
RETURNS TABLE (
    scan_id uuid,
    result text,
    rejection_reason text,
    is_first_entry boolean,
    is_replay boolean,
    ticket_status text
)
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_default_window CONSTANT integer := 30;
    v_person uuid := coalesce(p_scanned_by, ticketing.current_user_id());
    v_source text := coalesce(current_setting('app.status_change_source', TRUE), '');
    v_said text := nullif(btrim(p_rejection_reason), '');
    v_fault text;
    v_code_hash text;
    v_stored record;
    v_ticket record;
    v_event record;
    v_now timestamptz;
    v_scanned_at timestamptz;
    v_window interval;
    v_is_near boolean;
    v_before text;
    v_after text;
    v_is_new_period boolean := FALSE;
BEGIN
    PERFORM ticketing.require_tenant(p_tenant_id);

    IF NOT ticketing.acts_for_tenant() THEN
        RAISE EXCEPTION 'a customer''s session cannot scan'
            USING
                ERRCODE = 'TK303',
                HINT = 'Scan in a session that acts for the tenant: without app.current_user_id, '
                    'or with the role scanner.';
    END IF;

    v_fault := CASE
        WHEN p_event_id IS NULL THEN 'p_event_id is missing'
        WHEN p_ticket_id IS NULL AND p_raw_code_hash IS NULL
            THEN 'p_ticket_id is missing, and so is p_raw_code_hash'
        WHEN p_direction IS NULL OR p_direction NOT IN ('entry', 'exit')
            THEN 'p_direction is neither entry nor exit'
        WHEN p_result NOT IN (
            'valid', 'invalid', 'duplicate', 'expired', 'already_used', 'wrong_event', 'not_open',
            'revoked', 'transfer_pending', 'unknown'
        )
            THEN 'p_result is no known result'
        WHEN NOT isfinite(p_scanned_at) THEN 'p_scanned_at is infinite'
        WHEN p_offline IS NULL THEN 'p_offline is missing'
        WHEN p_forced IS NULL THEN 'p_forced is missing'
        WHEN p_forced AND NOT p_offline THEN 'p_forced is set, but p_offline is not'
        WHEN p_forced AND (p_direction <> 'entry' OR p_result <> 'valid')
            THEN 'p_forced is set for a scan that let nobody in'
        WHEN p_client_nonce IS NOT NULL AND p_device_id IS NULL
            THEN 'p_client_nonce is given without p_device_id'
        WHEN length(p_client_nonce) NOT BETWEEN 1 AND 255
            THEN 'p_client_nonce has not 1 to 255 characters'
        WHEN p_admission_period IS NULL OR length(p_admission_period) NOT BETWEEN 1 AND 64
            THEN 'p_admission_period has not 1 to 64 characters'
        WHEN p_window_seconds NOT BETWEEN 1 AND 86400 THEN 'p_window_seconds is not 1 to 86400'
        WHEN length(p_device_id) > 255 THEN 'p_device_id is longer than 255 characters'
        WHEN length(p_gate) > 255 THEN 'p_gate is longer than 255 characters'
        WHEN length(p_location) > 255 THEN 'p_location is longer than 255 characters'
        WHEN length(p_raw_code_hash) > 255 THEN 'p_raw_code_hash is longer than 255 characters'
        WHEN p_metadata IS NULL THEN 'p_metadata is missing'
    END;

    IF v_fault IS NOT NULL THEN
        RAISE EXCEPTION '%', v_fault
            USING
                ERRCODE = 'TK001',
                HINT = 'Nothing was recorded. Correct the argument and send the scan again.';
    END IF;

    -- A second turn only when another upload of the same scan was faster.
    LOOP
        IF p_client_nonce IS NOT NULL THEN
            SELECT
                s.id,
                s.ticket_id,
                s.event_id,
                s.raw_code_hash,
                s.direction,
                s.result,
                s.rejection_reason,
                s.is_first_entry
            INTO v_stored
            FROM ticketing.ticket_scans AS s
            WHERE
                s.tenant_id = p_tenant_id
                AND s.device_id = p_device_id
                AND s.client_nonce = p_client_nonce;

            IF FOUND THEN
                -- A ticket that was unknown at first may be known by now: the hash tells.
                v_code_hash := coalesce(
                    p_raw_code_hash, encode(sha256(p_ticket_id::text::bytea), 'hex')
                );

                IF (v_stored.event_id, v_stored.direction) <> (p_event_id, p_direction)
                    OR (
                        CASE
                            WHEN v_stored.ticket_id IS NULL
                                THEN v_stored.raw_code_hash <> v_code_hash
                            ELSE v_stored.ticket_id IS DISTINCT FROM p_ticket_id
                        END
                    )
                THEN
                    RAISE EXCEPTION 'device % has used this nonce for another scan', p_device_id
                        USING
                            ERRCODE = 'TK302',
                            HINT = 'Give each scan a nonce of its own, and keep it for its uploads.';
                END IF;

                scan_id := v_stored.id;
                result := v_stored.result;
                rejection_reason := v_stored.rejection_reason;
                is_first_entry := v_stored.is_first_entry;
                is_replay := TRUE;

                SELECT t.status
                INTO ticket_status
                FROM ticketing.tickets AS t
                WHERE t.tenant_id = p_tenant_id AND t.id = v_stored.ticket_id;

                RETURN NEXT;
                RETURN;
            END IF;
        END IF;

        -- The lock first: doors, transfers and refunds of one ticket queue here, and each sees what
        -- the one before it did.
        SELECT
            t.event_id,
            t.status,
            t.credential_version,
            t.check_in_round,
            t.valid_from,
            t.expires_at
        INTO v_ticket
        FROM ticketing.tickets AS t
        WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id
        FOR NO KEY UPDATE;

        -- After the lock, so that scans are in time as they are in line; and a device whose clock
        -- runs ahead opens no door early.
        v_now := clock_timestamp();
        v_scanned_at := least(p_scanned_at, v_now);

        SELECT
            e.status,
            e.starts_at - e.check_in_opens_before AS opens_at,
            e.ends_at + e.check_in_closes_after AS closes_at,
            EXISTS (
                SELECT 1
                FROM ticketing.ticket_transfers AS r
                WHERE
                    r.tenant_id = p_tenant_id
                    AND r.ticket_id = p_ticket_id
                    AND r.status IN ('pending', 'accepted')
            ) AS has_open_transfer,
            EXISTS (
                SELECT 1
                FROM ticketing.ticket_scans AS s
                WHERE
                    s.tenant_id = p_tenant_id
                    AND s.ticket_id = p_ticket_id
                    AND s.event_id = p_event_id
                    AND s.admission_period = p_admission_period
                    AND s.check_in_round = v_ticket.check_in_round
                    AND s.is_first_entry
            ) AS has_first_entry
        INTO v_event
        FROM ticketing.events AS e
        WHERE e.tenant_id = p_tenant_id AND e.id = p_event_id;

        IF NOT FOUND THEN
            RAISE EXCEPTION 'event % does not exist', p_event_id
                USING
                    ERRCODE = 'TK301',
                    HINT = 'Check the id and app.current_tenant_id; an event that is new at its '
                        'owner may still be on its way here.';
        END IF;

        IF v_ticket.status = 'checked_in' THEN
            SELECT make_interval(secs => coalesce(
                p_window_seconds,
                CASE WHEN n.seconds BETWEEN 1 AND 86400 THEN n.seconds ELSE c_default_window END
            ))
            INTO v_window
            FROM (
                SELECT
                    substring(
                        t.settings ->> 'scan_window_seconds', '^[0-9]{1,5}$'
                    )::integer AS seconds
                FROM ticketing.tenants AS t
                WHERE t.id = p_tenant_id
            ) AS n;

            -- Offline scans arrive in any order, so what counts is what came before and after this
            -- one in time, not what was stored last.
            SELECT
                EXISTS (
                    SELECT 1
                    FROM ticketing.ticket_scans AS s
                    WHERE
                        s.tenant_id = p_tenant_id
                        AND s.ticket_id = p_ticket_id
                        AND s.scanned_at >= v_scanned_at - v_window
                        AND s.scanned_at <= v_scanned_at + v_window
                        AND s.check_in_round = v_ticket.check_in_round
                        AND s.direction = 'entry'
                        AND s.result = 'valid'
                ),
                (
                    SELECT s.direction
                    FROM ticketing.ticket_scans AS s
                    WHERE
                        s.tenant_id = p_tenant_id
                        AND s.ticket_id = p_ticket_id
                        AND s.scanned_at <= v_scanned_at
                        AND s.admission_period = p_admission_period
                        AND s.check_in_round = v_ticket.check_in_round
                        AND s.result = 'valid'
                    ORDER BY s.scanned_at DESC, s.created_at DESC
                    LIMIT 1
                ),
                (
                    SELECT s.direction
                    FROM ticketing.ticket_scans AS s
                    WHERE
                        s.tenant_id = p_tenant_id
                        AND s.ticket_id = p_ticket_id
                        AND s.scanned_at > v_scanned_at
                        AND s.admission_period = p_admission_period
                        AND s.check_in_round = v_ticket.check_in_round
                        AND s.result = 'valid'
                    ORDER BY s.scanned_at, s.created_at
                    LIMIT 1
                )
            INTO v_is_near, v_before, v_after;

            -- A ticket for several days is checked in on the first of them. It begins another day
            -- only if every entry so far was counted in a day: one that was let in for the whole
            -- event, or was checked in by hand, has nothing left to begin.
            IF p_admission_period <> 'event' AND NOT v_event.has_first_entry THEN
                SELECT coalesce(bool_and(s.admission_period <> 'event'), FALSE)
                INTO v_is_new_period
                FROM ticketing.ticket_scans AS s
                WHERE
                    s.tenant_id = p_tenant_id
                    AND s.ticket_id = p_ticket_id
                    AND s.event_id = p_event_id
                    AND s.check_in_round = v_ticket.check_in_round
                    AND s.is_first_entry;
            END IF;
        END IF;

        result := 'valid';
        rejection_reason := NULL;

        -- Whether the ticket admits at all comes before whether it did already: a revoked ticket
        -- that is inside must not read as a mere repeat.
        IF v_ticket.status IS NULL THEN
            result := 'unknown';
            rejection_reason := 'there is no such ticket';
        ELSIF v_ticket.event_id <> p_event_id THEN
            result := 'wrong_event';
            rejection_reason := 'the ticket is for another event';
        ELSIF v_ticket.status IN ('revoked', 'refunded', 'cancelled') THEN
            result := 'revoked';
            rejection_reason := format('the ticket is %s', v_ticket.status);
        ELSIF v_ticket.status = 'expired' THEN
            result := 'expired';
            rejection_reason := 'the ticket has expired';
        ELSIF p_direction = 'exit' THEN
            -- Whoever is inside may leave, whatever has closed or run out meanwhile.
            IF v_ticket.status <> 'checked_in'
                OR v_before IS DISTINCT FROM 'entry'
                OR v_after IS NOT DISTINCT FROM 'exit'
            THEN
                result := 'invalid';
                rejection_reason := 'the ticket is not inside';
            END IF;
        ELSIF v_scanned_at >= v_ticket.expires_at THEN
            result := 'expired';
            rejection_reason := 'the ticket has expired';
        ELSIF v_event.has_open_transfer THEN
            result := 'transfer_pending';
            rejection_reason := 'the ticket is being transferred';
        ELSIF v_event.status = 'cancelled' THEN
            result := 'invalid';
            rejection_reason := 'the event is cancelled';
        ELSIF v_scanned_at < v_event.opens_at AND NOT p_forced THEN
            result := 'not_open';
            rejection_reason := 'check-in has not opened';
        ELSIF v_scanned_at < v_ticket.valid_from AND NOT p_forced THEN
            result := 'not_open';
            rejection_reason := 'the ticket is not valid yet';
        ELSIF v_scanned_at > v_event.closes_at AND NOT p_forced THEN
            result := 'expired';
            rejection_reason := 'check-in has closed';
        ELSIF v_ticket.status NOT IN ('active', 'transferred', 'checked_in', 'used') THEN
            result := 'invalid';
            rejection_reason := format('the ticket is %s, not issued', v_ticket.status);
        ELSIF p_credential_version < v_ticket.credential_version THEN
            result := 'revoked';
            rejection_reason := 'the code has been replaced by a newer one';
        ELSIF v_ticket.status = 'used' THEN
            result := 'already_used';
            rejection_reason := 'the ticket is used up';
        ELSIF v_ticket.status = 'checked_in' AND NOT p_forced THEN
            IF v_is_near THEN
                result := 'duplicate';
                rejection_reason := 'the ticket was let in moments ago';
            ELSIF NOT v_is_new_period
                AND (v_before IS DISTINCT FROM 'exit' OR v_after IS NOT DISTINCT FROM 'entry')
            THEN
                result := 'already_used';
                rejection_reason := 'the ticket has been let in and has not left';
            END IF;
        END IF;

        -- The door may refuse whom the database would let in, never the other way round.
        IF result = 'valid' AND p_result <> 'valid' THEN
            result := p_result;
            rejection_reason := coalesce(v_said, 'refused at the door');
        ELSIF result <> 'valid' THEN
            rejection_reason := concat_ws('; ', rejection_reason, v_said);
        END IF;

        is_first_entry := result = 'valid'
            AND p_direction = 'entry'
            AND NOT v_event.has_first_entry
            AND (v_ticket.status <> 'checked_in' OR v_is_new_period);

        IF v_ticket.status IS NULL THEN
            v_code_hash := coalesce(
                p_raw_code_hash, encode(sha256(p_ticket_id::text::bytea), 'hex')
            );
        END IF;

        INSERT INTO ticketing.ticket_scans AS s (
            tenant_id, ticket_id, event_id, raw_code_hash, direction, result, rejection_reason,
            is_first_entry, admission_period, check_in_round, scanned_at, scanned_by, device_id,
            gate, location, offline, forced, client_nonce, credential_version, ip_address,
            user_agent, metadata, created_at
        )
        VALUES (
            p_tenant_id,
            CASE WHEN v_ticket.status IS NOT NULL THEN p_ticket_id END,
            p_event_id,
            v_code_hash,
            p_direction,
            result,
            rejection_reason,
            is_first_entry,
            p_admission_period,
            coalesce(v_ticket.check_in_round, 1),
            v_scanned_at,
            v_person,
            p_device_id,
            p_gate,
            p_location,
            p_offline,
            p_forced,
            p_client_nonce,
            p_credential_version,
            p_ip_address,
            left(p_user_agent, 1024),
            p_metadata,
            v_now
        )
        ON CONFLICT (tenant_id, device_id, client_nonce) WHERE client_nonce IS NOT NULL DO NOTHING
        RETURNING s.id INTO scan_id;

        EXIT WHEN FOUND;
    END LOOP;

    is_replay := FALSE;
    ticket_status := v_ticket.status;

    IF result = 'valid' AND p_direction = 'entry' THEN
        IF v_ticket.status = 'checked_in' THEN
            UPDATE ticketing.tickets AS t
            SET scan_count = t.scan_count + 1
            WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id;
        ELSE
            -- The history of the ticket says where the change came from, unless the caller has.
            IF btrim(v_source) = '' THEN
                PERFORM set_config('app.status_change_source', 'scanner', TRUE);
            END IF;

            UPDATE ticketing.tickets AS t
            SET
                status = 'checked_in',
                status_changed_at = v_now,
                status_changed_by = v_person,
                checked_in_at = v_scanned_at,
                checked_in_by = v_person,
                scan_count = t.scan_count + 1
            WHERE t.tenant_id = p_tenant_id AND t.id = p_ticket_id;

            PERFORM set_config('app.status_change_source', v_source, TRUE);
            ticket_status := 'checked_in';
        END IF;
    END IF;

    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.record_scan_attempt(
    uuid, uuid, uuid, uuid, text, text, text, text, inet, text, text, timestamptz, text, text,
    integer, text, boolean, boolean, text, integer, jsonb
) IS
    'Decides whether a ticket is let through a door, records the attempt whatever the answer, and '
    'checks the ticket in at its first accepted entry, all under the ticket''s row lock: of two '
    'doors at the same moment one gets valid. Tests in this order: unknown, wrong_event, revoked, '
    'expired, transfer_pending, the check-in times (not_open, expired), invalid, an older code '
    '(revoked), duplicate, already_used. p_result NULL or valid lets the database decide; another '
    'one is a refusal of the door and stands where the database would have said valid. A repeated '
    'upload (same p_device_id and p_client_nonce) gets the stored answer with is_replay and '
    'changes nothing. p_forced, for a device that let somebody in offline, passes over times, '
    'duplicate and already_used, and nothing else. p_scanned_at is for offline uploads; without it '
    'the clock counts. p_window_seconds is what duplicate means: else scan_window_seconds of '
    'tenants.settings, else 30. Raises TK001 for a bad argument, TK301 for an unknown event, TK302 '
    'for a nonce of another scan, TK303 in a customer''s session; nothing is recorded then. '
    'SECURITY DEFINER because no role may write a scan by hand; it works for the tenant of the '
    'transaction alone (TK701, TK702).';

GRANT EXECUTE ON FUNCTION ticketing.record_scan_attempt(
    uuid, uuid, uuid, uuid, text, text, text, text, inet, text, text, timestamptz, text, text,
    integer, text, boolean, boolean, text, integer, jsonb
) TO ticketing_app, ticketing_worker;
