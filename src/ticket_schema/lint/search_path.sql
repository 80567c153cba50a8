-- Every function pins its search path to the system's own schema, temporary objects last:
-- otherwise a caller's table, function or operator of the same name takes the place of the one
-- that was meant.
SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    coalesce('sets ' || s.setting, 'takes the search path of its caller') AS detail,
    format(
        'ALTER FUNCTION ticketing.%I(%s) SET search_path = pg_catalog, pg_temp;',
        p.proname, pg_get_function_identity_arguments(p.oid)
    ) AS remedy
FROM pg_catalog.pg_proc AS p
LEFT JOIN LATERAL (
    SELECT c.setting
    FROM unnest(p.proconfig) AS c (setting)
    WHERE c.setting LIKE 'search_path=%'
) AS s ON TRUE
WHERE
    p.pronamespace = to_regnamespace('ticketing')
    AND s.setting IS DISTINCT FROM 'search_path=pg_catalog, pg_temp'
ORDER BY name;
