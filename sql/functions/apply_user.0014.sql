CREATE OR REPLACE FUNCTION ticketing.apply_user(
    p_tenant_id uuid,
    p_id uuid,
    p_version bigint,
    p_email text DEFAULT NULL,
    p_role text DEFAULT 'user',
    p_status text DEFAULT 'active'
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM ticketing.require_replica_key(p_tenant_id, p_id, p_version);

    IF num_nulls(p_role, p_status) > 0
        OR length(p_email) > 500
    THEN
        RAISE EXCEPTION 'a message of user % lacks a value, or has one that is too long', p_id
            USING
                ERRCODE = 'TK001',
                HINT = 'A message carries the whole row; numbers and ids have up to 500 '
                    'characters.';
    END IF;

    -- Of two first messages at once, the second would meet the row at another of its unique keys
    -- before its own, and get an error.
    IF NOT EXISTS (SELECT FROM ticketing.users AS r WHERE r.tenant_id = p_tenant_id AND r.id = p_id) THEN
        PERFORM pg_advisory_xact_lock(hashtext('ticketing.apply_user'), hashtext(p_id::text));
    END IF;

    -- Which version wins is the table's own rule, so that a plain upsert keeps it as well.
    INSERT INTO ticketing.users (
        tenant_id, id, email, role, status, version
    ) VALUES (
        p_tenant_id, p_id, p_email, p_role, p_status, p_version
    )
    ON CONFLICT (tenant_id, id) DO UPDATE
    SET
        email = excluded.email,
        role = excluded.role,
        status = excluded.status,
        version = excluded.version;

    IF FOUND THEN
        RETURN 'applied';
    END IF;

    -- The conflict has locked the row, so this is the version that the message lost to.
    RETURN (
        SELECT CASE WHEN r.version = p_version THEN 'repeated' ELSE 'stale' END
        FROM ticketing.users AS r
        WHERE r.tenant_id = p_tenant_id AND r.id = p_id
    );
END;
$function$;

COMMENT ON FUNCTION ticketing.apply_user(uuid, uuid, bigint, text, text, text) IS
    'Applies a message of the auth service that carries the whole state of a user: inserts the '
    'row, or replaces it when p_version is higher than the stored one, with or without a gap. '
    'Returns applied, repeated (the stored version) or stale (a lower one); the last two change '
    'nothing. 23503 and 23505 mean that another message must come first: deliver again later. '
    'The counters of the row are kept here and stay as they are.';

GRANT EXECUTE ON FUNCTION ticketing.apply_user(uuid, uuid, bigint, text, text, text)
TO ticketing_worker;
