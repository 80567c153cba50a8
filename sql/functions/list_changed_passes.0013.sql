CREATE OR REPLACE FUNCTION ticketing.list_changed_passes(
    p_device_library_id text,
    p_pass_type_id text,
    p_since text DEFAULT NULL
)
RETURNS TABLE (serial_numbers text[], last_updated text)
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    c_tag CONSTANT text := '^[0-9]{1,18}-[0-9]{1,18}$';
    v_tenant uuid := ticketing.current_tenant_id();
    v_xid xid8;
    v_moment timestamptz;
BEGIN
    PERFORM ticketing.require_tenant(v_tenant);

    -- A tag that is not one of ours means "everything", which is always right.
    IF p_since ~ c_tag THEN
        v_xid := split_part(p_since, '-', 1)::xid8;
        v_moment := to_timestamp(split_part(p_since, '-', 2)::numeric / 1000000);
    END IF;

    -- By transaction and not by the clock: what was stamped before the device last asked, but
    -- committed after, counts as changed. The moment is for a database that was restored
    -- elsewhere, where transactions are counted anew.
    SELECT array_agg(p.serial_number ORDER BY p.serial_number)
    INTO serial_numbers
    FROM ticketing.pass_device_registrations AS r
    INNER JOIN ticketing.ticket_passes AS p ON r.tenant_id = p.tenant_id AND r.pass_id = p.id
    WHERE
        r.tenant_id = v_tenant
        AND r.device_library_id = p_device_library_id
        AND p.channel = 'apple_wallet'
        AND p.pass_type_id = p_pass_type_id
        AND (v_xid IS NULL OR p.produced_xid >= v_xid OR p.produced_at > v_moment);

    IF serial_numbers IS NULL THEN
        RETURN;
    END IF;

    last_updated := format(
        '%s-%s',
        pg_snapshot_xmin(pg_current_snapshot()),
        floor(extract(EPOCH FROM clock_timestamp()) * 1000000)::bigint
    );
    RETURN NEXT;
END;
$function$;

COMMENT ON FUNCTION ticketing.list_changed_passes(text, text, text) IS
    'Which passes of a type on a device were built since it last asked, as serialNumbers and '
    'lastUpdated of Apple''s answer; no row is HTTP 204. p_since is the last_updated that the '
    'device got, NULL the first time. Nothing is left out, whatever was still uncommitted '
    'then; something may be named twice, which the device answers with a conditional request. '
    'A pass that waits to be built anew is named once it is built. The device proves itself '
    'by its identifier alone, as Apple has it. TK701 without a tenant.';

GRANT EXECUTE ON FUNCTION ticketing.list_changed_passes(text, text, text)
TO ticketing_app, ticketing_worker, ticketing_readonly;
