CREATE OR REPLACE FUNCTION ticketing.apply_venue(
    p_tenant_id uuid,
    p_id uuid,
    p_version bigint,
    p_name text,
    p_created_by uuid DEFAULT NULL,
    p_timezone text DEFAULT 'UTC'
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM ticketing.require_replica_key(p_tenant_id, p_id, p_version);

    IF num_nulls(p_name, p_timezone) > 0 THEN
        RAISE EXCEPTION 'a message of venue % lacks a value, or has one that is too long', p_id
            USING
                ERRCODE = 'TK001',
                HINT = 'A message carries the whole row; numbers and ids have up to 500 '
                    'characters.';
    END IF;

    -- Of two first messages at once, the second would meet the row at another of its unique keys
    -- before its own, and get an error.
    IF NOT EXISTS (SELECT FROM ticketing.venues AS r WHERE r.tenant_id = p_tenant_id AND r.id = p_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('ticketing.apply_venue'), hashtext(p_id::text));
    END IF;

    -- Which version wins is the table's own rule, so that a plain upsert keeps it as well.
    INSERT INTO ticketing.venues (
        tenant_id, id, name, created_by, timezone, version
    ) VALUES (
        p_tenant_id, p_id, p_name, p_created_by, p_timezone, p_version
    )
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET
        name = excluded.name,
        created_by = excluded.created_by,
        timezone = excluded.timezone,
        version = excluded.version;

    IF FOUND THEN
        RETURN 'applied';
    END IF;

    -- The conflict has locked the row, so this is the version that the message lost to.
    RETURN (
        SELECT CASE WHEN r.version = p_version THEN 'repeated' ELSE 'stale' END
        FROM ticketing.venues AS r
        WHERE r.tenant_id = p_tenant_id AND r.id = p_id
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_venue(uuid, uuid, bigint, text, uuid, text) IS
    'Applies a message of the venue service that carries the whole state of a venue: inserts the '
    'row, or replaces it when p_version is higher than the stored one, with or without a gap. '
    'Returns applied, repeated (the stored version) or stale (a lower one); the last two change '
    'nothing. 23503 and 23505 mean that another message must come first: deliver again later.';

GRANT EXECUTE ON FUNCTION ticketing.apply_venue(uuid, uuid, bigint, text, uuid, text)
TO ticketing_worker;
