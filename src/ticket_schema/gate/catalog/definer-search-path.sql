-- Functions that run as their owner with the search path of their caller.
SELECT
    n.nspname::text AS schema,
    'function' AS kind,
    format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS name,
    'runs as its owner with the search_path of its caller' AS detail,
    format(
        'ALTER FUNCTION %I.%I(%s) SET search_path = pg_catalog, pg_temp;', n.nspname, p.proname,
        pg_get_function_identity_arguments(p.oid)
    ) AS mend
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
WHERE
    p.prosecdef
    AND NOT EXISTS (
        SELECT
        FROM unnest(p.proconfig) AS c (setting)
        WHERE starts_with(c.setting, 'search_path=')
    )
    -- What was bound when it was made does not look again.
    AND p.prosqlbody IS NULL
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gate_nested')
    AND NOT EXISTS (
        SELECT
        FROM pg_depend AS d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
