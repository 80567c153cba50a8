-- A function of another schema that runs as its owner and names this one hands its rows to whoever
-- may call it.
SELECT
    format(
        '%s.%s(%s)', p.pronamespace::regnamespace, p.proname, oidvectortypes(p.proargtypes)
    ) AS name,
    format('runs as %s and uses schema ticketing', pg_get_userbyid(p.proowner)) AS detail,
    format(
        'ALTER FUNCTION %s.%I(%s) SECURITY INVOKER;',
        p.pronamespace::regnamespace, p.proname, pg_get_function_identity_arguments(p.oid)
    ) AS remedy
FROM pg_catalog.pg_proc AS p
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND p.pronamespace NOT IN ('pg_catalog'::regnamespace, to_regnamespace('ticketing'))
    AND p.prosecdef
    AND (
        p.prosrc ~* '\mticketing\M'
        OR array_to_string(p.proconfig, ' ') ~* '\mticketing\M'
        OR EXISTS (
            SELECT
            FROM pg_catalog.pg_depend AS d
            LEFT JOIN pg_catalog.pg_class AS c
                ON d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid
            LEFT JOIN pg_catalog.pg_proc AS f
                ON d.refclassid = 'pg_catalog.pg_proc'::regclass AND d.refobjid = f.oid
            WHERE
                d.classid = 'pg_catalog.pg_proc'::regclass
                AND d.objid = p.oid
                AND to_regnamespace('ticketing') IN (c.relnamespace, f.pronamespace)
        )
    )
ORDER BY name;
