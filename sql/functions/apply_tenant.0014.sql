CREATE OR REPLACE FUNCTION ticketing.apply_tenant(
    p_id uuid,
    p_version bigint,
    p_slug text,
    p_name text,
    p_status text DEFAULT 'active',
    p_settings jsonb DEFAULT '{}'::jsonb
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM ticketing.require_replica_key(p_id, p_id, p_version);

    IF num_nulls(p_slug, p_name, p_status, p_settings) > 0 THEN
        RAISE EXCEPTION 'a message of tenant % lacks a value, or has one that is too long', p_id
            USING
                ERRCODE = 'TK001',
                HINT = 'A message carries the whole row; numbers and ids have up to 500 '
                    'characters.';
    END IF;

    -- Of two first messages at once, the second would meet the row at another of its unique keys
    -- before its own, and get an error.
    IF NOT EXISTS (SELECT FROM ticketing.tenants AS r WHERE r.id = p_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('ticketing.apply_tenant'), hashtext(p_id::text));
    END IF;

    -- Which version wins is the table's own rule, so that a plain upsert keeps it as well.
    INSERT INTO ticketing.tenants (
        id, slug, name, status, settings, version
    ) VALUES (
        p_id, p_slug, p_name, p_status, p_settings, p_version
    )
    ON CONFLICT (id) DO UPDATE
    SET
        slug = excluded.slug,
        name = excluded.name,
        status = excluded.status,
        settings = excluded.settings,
        version = excluded.version;

    IF FOUND THEN
        RETURN 'applied';
    END IF;

    -- The conflict has locked the row, so this is the version that the message lost to.
    RETURN (
        SELECT CASE WHEN r.version = p_version THEN 'repeated' ELSE 'stale' END
        FROM ticketing.tenants AS r
        WHERE r.id = p_id
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_tenant(uuid, bigint, text, text, text, jsonb) IS
    'Applies a message of the auth service that carries the whole state of a tenant: inserts the '
    'row, or replaces it when p_version is higher than the stored one, with or without a gap. '
    'Returns applied, repeated (the stored version) or stale (a lower one); the last two change '
    'nothing. 23503 and 23505 mean that another message must come first: deliver again later. A '
    'closed tenant is a message of status closed; rows are never deleted.';

GRANT EXECUTE ON FUNCTION ticketing.apply_tenant(uuid, bigint, text, text, text, jsonb)
TO ticketing_worker;
