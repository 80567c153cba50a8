CREATE OR REPLACE FUNCTION ticketing.require_replica_key(
    p_tenant_id uuid,
    p_id uuid,
    p_version bigint
)
RETURNS void
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY INVOKER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF p_tenant_id IS NULL OR p_id IS NULL OR p_version IS NULL OR p_version < 0 THEN
        RAISE EXCEPTION 'a message of row % at version % of tenant % is not possible',
            coalesce(p_id::text, 'NULL'),
            coalesce(p_version::text, 'NULL'),
            coalesce(p_tenant_id::text, 'NULL')
            USING
                ERRCODE = 'TK001',
                HINT = 'A message names its tenant, its row, and a version from 0 on.';
    END IF;

    -- A consumer serves every tenant and may leave the context out; one that is set is meant.
    IF ticketing.current_tenant_id() IS NOT NULL THEN
        PERFORM ticketing.require_tenant(p_tenant_id);
    END IF;
END;
$function$;

COMMENT ON FUNCTION ticketing.require_replica_key(uuid, uuid, bigint) IS
    'Refuses a message of another service that names no tenant, row or version (TK001), or another '
    'tenant than the transaction works for (TK702). The apply_ functions call it first.';

GRANT EXECUTE ON FUNCTION ticketing.require_replica_key(uuid, uuid, bigint)
TO ticketing_worker;
