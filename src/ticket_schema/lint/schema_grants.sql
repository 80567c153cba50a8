-- Nobody but the owner makes objects in this schema, and no group makes any in a schema or a
-- database: whoever can make a function or an operator can slip it into what others run.
SELECT
    n.nspname::text AS name,
    format('%s has %s', coalesce(r.rolname, 'PUBLIC'), x.privilege_type) AS detail,
    format(
        'REVOKE %s ON SCHEMA ticketing FROM %s;', x.privilege_type, coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_namespace AS n
CROSS JOIN LATERAL aclexplode(n.nspacl) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    n.nspname = 'ticketing'
    AND x.grantee <> n.nspowner
    AND (x.grantee = 0 OR x.privilege_type <> 'USAGE')
UNION ALL
SELECT
    n.nspname::text AS name,
    format('%s may make objects in it', r.rolname) AS detail,
    format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC, %I;', n.nspname, r.rolname) AS remedy
FROM pg_catalog.pg_namespace AS n
CROSS JOIN pg_catalog.pg_roles AS r
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
    AND NOT r.rolsuper
    AND n.nspname <> 'ticketing'
    AND has_schema_privilege(r.oid, n.oid, 'CREATE')
UNION ALL
SELECT
    d.datname::text AS name,
    format('%s may make schemas in it', r.rolname) AS detail,
    format('REVOKE CREATE ON DATABASE %I FROM PUBLIC, %I;', d.datname, r.rolname) AS remedy
FROM pg_catalog.pg_database AS d
CROSS JOIN pg_catalog.pg_roles AS r
WHERE
    to_regnamespace('ticketing') IS NOT NULL
    AND d.datname = current_database()
    AND r.rolname IN ('ticketing_app', 'ticketing_worker', 'ticketing_readonly')
    AND NOT r.rolsuper
    AND has_database_privilege(r.oid, d.oid, 'CREATE')
ORDER BY name, detail;
