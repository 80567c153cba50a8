-- Everything belongs to ticketing_owner, which cannot log in. Whoever owns a table can switch its
-- row level security off, and whoever owns a function that runs as its owner lends it their
-- rights.
SELECT
    q.name,
    format('belongs to %s', pg_get_userbyid(q.owner_id)) AS detail,
    format('ALTER %s OWNER TO ticketing_owner;', q.what) AS remedy
FROM (
    SELECT
        n.nspname::text AS name,
        n.nspowner AS owner_id,
        'SCHEMA ticketing' AS what
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname = 'ticketing'
    UNION ALL
    SELECT
        c.relname::text AS name,
        c.relowner AS owner_id,
        format('TABLE ticketing.%I', c.relname) AS what
    FROM pg_catalog.pg_class AS c
    WHERE
        c.relnamespace = to_regnamespace('ticketing')
        AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT
        format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
        p.proowner AS owner_id,
        format(
            'ROUTINE ticketing.%I(%s)', p.proname, pg_get_function_identity_arguments(p.oid)
        ) AS what
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        t.typname::text AS name,
        t.typowner AS owner_id,
        format('TYPE ticketing.%I', t.typname) AS what
    FROM pg_catalog.pg_type AS t
    WHERE
        t.typnamespace = to_regnamespace('ticketing')
        AND t.typrelid = 0
        AND t.typelem = 0
    UNION ALL
    SELECT
        e.stxname::text AS name,
        e.stxowner AS owner_id,
        format('STATISTICS ticketing.%I', e.stxname) AS what
    FROM pg_catalog.pg_statistic_ext AS e
    WHERE e.stxnamespace = to_regnamespace('ticketing')
) AS q
WHERE pg_get_userbyid(q.owner_id) <> 'ticketing_owner'
ORDER BY q.name;
