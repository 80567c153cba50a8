-- No group holds a right on the system's own tables and functions: statistics hold values of every
-- tenant, and functions that read files or terminate sessions know no tenant. Nor on parameters
-- that switch triggers off, nor on servers and foreign tables, behind which another login may
-- stand. What everybody gets of those, the groups get too.
SELECT
    format('%s.%s', c.relnamespace::regnamespace, c.relname) AS name,
    format('%s may %s', coalesce(r.rolname, 'PUBLIC'), x.privilege_type) AS detail,
    format(
        'REVOKE %s ON %s.%I FROM %s;',
        x.privilege_type, c.relnamespace::regnamespace, c.relname, coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_class AS c
CROSS JOIN LATERAL aclexplode(c.relacl) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND c.relnamespace IN ('pg_catalog'::regnamespace, to_regnamespace('information_schema'))
    AND (
        r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
        OR (
            x.grantee = 0
            AND c.relname IN (
                'pg_authid', 'pg_statistic', 'pg_statistic_ext_data', 'pg_user_mapping',
                'pg_largeobject'
            )
        )
    )
UNION ALL
SELECT
    format(
        '%s.%s(%s)', p.pronamespace::regnamespace, p.proname, oidvectortypes(p.proargtypes)
    ) AS name,
    format('%s may EXECUTE', r.rolname) AS detail,
    format(
        'REVOKE EXECUTE ON FUNCTION %s.%I(%s) FROM %I;',
        p.pronamespace::regnamespace, p.proname, oidvectortypes(p.proargtypes), r.rolname
    ) AS remedy
FROM pg_catalog.pg_proc AS p
CROSS JOIN LATERAL aclexplode(p.proacl) AS x
INNER JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND p.pronamespace = 'pg_catalog'::regnamespace
    AND r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
UNION ALL
SELECT
    format('parameter %s', a.parname) AS name,
    format('%s may %s it', coalesce(r.rolname, 'PUBLIC'), x.privilege_type) AS detail,
    format(
        'REVOKE %s ON PARAMETER %s FROM %s;',
        x.privilege_type, a.parname, coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_parameter_acl AS a
CROSS JOIN LATERAL aclexplode(a.paracl) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND (
        x.grantee = 0
        OR r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
    )
UNION ALL
SELECT
    format('server %s', s.srvname) AS name,
    format('%s may use it', r.rolname) AS detail,
    format('REVOKE USAGE ON FOREIGN SERVER %I FROM PUBLIC, %I;', s.srvname, r.rolname) AS remedy
FROM pg_catalog.pg_foreign_server AS s
CROSS JOIN pg_catalog.pg_roles AS r
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
    AND NOT r.rolsuper
    AND has_server_privilege(r.oid, s.oid, 'USAGE')
UNION ALL
SELECT
    format('%s.%s', c.relnamespace::regnamespace, c.relname) AS name,
    format('%s may read this foreign table', r.rolname) AS detail,
    format(
        'REVOKE SELECT ON %s.%I FROM PUBLIC, %I;',
        c.relnamespace::regnamespace, c.relname, r.rolname
    ) AS remedy
FROM pg_catalog.pg_class AS c
CROSS JOIN pg_catalog.pg_roles AS r
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND c.relkind = 'f'
    AND r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
    AND NOT r.rolsuper
    AND has_table_privilege(r.oid, c.oid, 'SELECT')
ORDER BY name, detail;
