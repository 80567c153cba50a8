-- Functions are written in SQL or PL/pgSQL, whose text anybody can read, and none is LEAKPROOF:
-- such a one runs before the policies and may show its arguments, rows of every tenant, to whoever
-- made it. That holds in every schema.
SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    format('is written in %s', l.lanname) AS detail,
    'Write it in PL/pgSQL.' AS remedy
FROM pg_catalog.pg_proc AS p
INNER JOIN pg_catalog.pg_language AS l ON p.prolang = l.oid
WHERE p.pronamespace = to_regnamespace('ticketing') AND l.lanname NOT IN ('sql', 'plpgsql')
UNION ALL
SELECT
    CASE
        WHEN p.pronamespace = to_regnamespace('ticketing')
            THEN format('%s(%s)', p.proname, oidvectortypes(p.proargtypes))
        ELSE format(
            '%s.%s(%s)', p.pronamespace::regnamespace, p.proname, oidvectortypes(p.proargtypes)
        )
    END AS name,
    'is LEAKPROOF: it runs before the policies' AS detail,
    format(
        'ALTER FUNCTION %s.%I(%s) NOT LEAKPROOF;',
        p.pronamespace::regnamespace, p.proname, pg_get_function_identity_arguments(p.oid)
    ) AS remedy
FROM pg_catalog.pg_proc AS p
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND p.proleakproof
    AND p.oid >= 16384
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE
            d.classid = 'pg_catalog.pg_proc'::regclass
            AND d.objid = p.oid
            AND d.deptype = 'e'
    )
ORDER BY name, detail;
