-- Functions that run as their owner, for everybody: PostgreSQL gives PUBLIC the right on a new one.
-- Those of triggers cannot be called.
SELECT
    n.nspname::text AS schema,
    'function' AS kind,
    format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
    'runs as its owner for whoever calls it' AS detail,
    format(
        'REVOKE EXECUTE ON FUNCTION %I.%I(%s) FROM PUBLIC;', n.nspname, p.proname,
        pg_get_function_identity_arguments(p.oid)
    ) AS mend
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
WHERE
    p.prosecdef
    AND x.grantee = 0
    AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gate_nested')
    AND NOT EXISTS (
        SELECT
        FROM pg_depend AS d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
