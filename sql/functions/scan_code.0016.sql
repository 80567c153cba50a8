CREATE OR REPLACE FUNCTION ticketing.scan_code(
    p_tenant_id uuid,
    p_code_hash text,
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
    ticket_status text,
    ticket_id uuid
)
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    v_code record;
BEGIN
    PERFORM ticketing.require_tenant(p_tenant_id);

    SELECT c.ticket_id, c.credential_version
    INTO v_code
    FROM ticketing.resolve_credential(p_code_hash) AS c;

    IF v_code.ticket_id IS NOT NULL THEN
        PERFORM ticketing.expire_overdue_transfer(v_code.ticket_id);
    END IF;

    -- The version goes along, not the status: a code that dies between the look and the ticket's
    -- lock is still found dead under it.
    RETURN QUERY
    SELECT
        s.scan_id, s.result, s.rejection_reason, s.is_first_entry, s.is_replay, s.ticket_status,
        v_code.ticket_id
    FROM ticketing.record_scan_attempt(
        p_tenant_id => p_tenant_id,
        p_ticket_id => v_code.ticket_id,
        p_event_id => p_event_id,
        p_scanned_by => p_scanned_by,
        p_device_id => p_device_id,
        p_location => p_location,
        p_result => p_result,
        p_rejection_reason => p_rejection_reason,
        p_ip_address => p_ip_address,
        p_user_agent => p_user_agent,
        p_direction => p_direction,
        p_scanned_at => p_scanned_at,
        p_client_nonce => p_client_nonce,
        p_raw_code_hash => p_code_hash,
        p_credential_version => v_code.credential_version,
        p_gate => p_gate,
        p_offline => p_offline,
        p_forced => p_forced,
        p_admission_period => p_admission_period,
        p_window_seconds => p_window_seconds,
        p_metadata => p_metadata
    ) AS s;
END;
$function$;

COMMENT ON FUNCTION ticketing.scan_code(
    uuid, text, uuid, uuid, text, text, text, text, inet, text, text, timestamptz, text, text,
    boolean, boolean, text, integer, jsonb
) IS
    'What a door calls with the SHA-256 of the code that was shown: finds its ticket and lets '
    'record_scan_attempt decide and record, with the same arguments, answers and errors, and the '
    'ticket besides. A code that was replaced, handed on or reported lost is revoked, one that was '
    'never a ticket''s is unknown; both leave a scan. An upload is judged by the code as it is '
    'when it arrives. An offer that has run out is ended first and keeps nobody out. TK001 for '
    'anything but a hash.';

GRANT EXECUTE ON FUNCTION ticketing.scan_code(
    uuid, text, uuid, uuid, text, text, text, text, inet, text, text, timestamptz, text, text,
    boolean, boolean, text, integer, jsonb
) TO ticketing_app, ticketing_worker;
