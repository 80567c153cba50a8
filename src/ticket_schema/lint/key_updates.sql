-- UPDATE is granted column by column and never on the keys, so that no row moves to another tenant
-- whatever a policy says.
SELECT
    q.name,
    format('%s may UPDATE it', q.grantee) AS detail,
    q.remedy
FROM (
    SELECT
        c.relname::text AS name,
        coalesce(r.rolname, 'PUBLIC') AS grantee,
        format(
            'REVOKE UPDATE ON ticketing.%I FROM %I; and grant its columns.',
            c.relname, coalesce(r.rolname, 'PUBLIC')
        ) AS remedy
    FROM pg_catalog.pg_class AS c
    CROSS JOIN LATERAL aclexplode(c.relacl) AS x
    LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
    WHERE
        c.relnamespace = to_regnamespace('ticketing')
        AND c.relkind IN ('r', 'p', 'v')
        AND x.privilege_type = 'UPDATE'
        AND x.grantee <> c.relowner
    UNION ALL
    SELECT
        format('%s.%s', c.relname, a.attname) AS name,
        coalesce(r.rolname, 'PUBLIC') AS grantee,
        format(
            'REVOKE UPDATE (%I) ON ticketing.%I FROM %I;',
            a.attname, c.relname, coalesce(r.rolname, 'PUBLIC')
        ) AS remedy
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid
    CROSS JOIN LATERAL aclexplode(a.attacl) AS x
    LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
    WHERE
        c.relnamespace = to_regnamespace('ticketing')
        AND a.attname IN ('tenant_id', 'id', 'created_at', 'updated_at')
        AND x.privilege_type = 'UPDATE'
        AND x.grantee <> c.relowner
) AS q
ORDER BY q.name, detail;
