CREATE OR REPLACE FUNCTION ticketing.apply_event(
    p_tenant_id uuid,
    p_id uuid,
    p_version bigint,
    p_name text,
    p_starts_at timestamptz,
    p_ends_at timestamptz,
    p_venue_id uuid DEFAULT NULL,
    p_timezone text DEFAULT 'UTC',
    p_status text DEFAULT 'published',
    p_check_in_opens_before interval DEFAULT interval '4 hours',
    p_check_in_closes_after interval DEFAULT interval '2 hours',
    p_transfer_deadline_hours integer DEFAULT NULL
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM ticketing.require_replica_key(p_tenant_id, p_id, p_version);

    IF num_nulls(
        p_name, p_starts_at, p_ends_at, p_timezone, p_status, p_check_in_opens_before,
        p_check_in_closes_after
    ) > 0
    THEN
        RAISE EXCEPTION 'a message of event % lacks a value, or has one that is too long', p_id
            USING
                ERRCODE = 'TK001',
                HINT = 'A message carries the whole row; numbers and ids have up to 500 '
                    'characters.';
    END IF;

    -- Of two first messages at once, the second would meet the row at another of its unique keys
    -- before its own, and get an error.
    IF NOT EXISTS (SELECT FROM ticketing.events AS r WHERE r.tenant_id = p_tenant_id AND r.id = p_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('ticketing.apply_event'), hashtext(p_id::text));
    END IF;

    -- Which version wins is the table's own rule, so that a plain upsert keeps it as well.
    INSERT INTO ticketing.events (
        tenant_id, id, name, starts_at, ends_at, venue_id, timezone, status, check_in_opens_before,
        check_in_closes_after, transfer_deadline_hours, version
    ) VALUES (
        p_tenant_id, p_id, p_name, p_starts_at, p_ends_at, p_venue_id, p_timezone, p_status,
        p_check_in_opens_before, p_check_in_closes_after, p_transfer_deadline_hours, p_version
    )
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET
        name = excluded.name,
        starts_at = excluded.starts_at,
        ends_at = excluded.ends_at,
        venue_id = excluded.venue_id,
        timezone = excluded.timezone,
        status = excluded.status,
        check_in_opens_before = excluded.check_in_opens_before,
        check_in_closes_after = excluded.check_in_closes_after,
        transfer_deadline_hours = excluded.transfer_deadline_hours,
        version = excluded.version;

    IF FOUND THEN
        RETURN 'applied';
    END IF;

    -- The conflict has locked the row, so this is the version that the message lost to.
    RETURN (
        SELECT CASE WHEN r.version = p_version THEN 'repeated' ELSE 'stale' END
        FROM ticketing.events AS r
        WHERE r.tenant_id = p_tenant_id AND r.id = p_id
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_event(
    uuid, uuid, bigint, text, timestamptz, timestamptz, uuid, text, text, interval, interval,
    integer
) IS
    'Applies a message of the event service that carries the whole state of an event: inserts '
    'the row, or replaces it when p_version is higher than the stored one, with or without a '
    'gap. Returns applied, repeated (the stored version) or stale (a lower one); the last two '
    'change nothing. 23503 and 23505 mean that another message must come first: deliver again '
    'later.';

GRANT EXECUTE ON FUNCTION ticketing.apply_event(
    uuid, uuid, bigint, text, timestamptz, timestamptz, uuid, text, text, interval, interval,
    integer
)
TO ticketing_worker;
