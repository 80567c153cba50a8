-- A function that changes a setting besides the search path says why: row_security, role or one of
-- our own variables would change what its statements see, or whose they are.
SELECT
    format('%s(%s) SET %s', p.proname, oidvectortypes(p.proargtypes), s.setting) AS name,
    'runs under a setting of its own' AS detail,
    format(
        'ALTER FUNCTION ticketing.%I(%s) RESET %s;',
        p.proname, pg_get_function_identity_arguments(p.oid), split_part(s.setting, '=', 1)
    ) AS remedy
FROM pg_catalog.pg_proc AS p
CROSS JOIN LATERAL unnest(p.proconfig) AS s (setting)
WHERE
    p.pronamespace = to_regnamespace('ticketing')
    AND s.setting NOT LIKE 'search_path=%'
ORDER BY name;
