-- Nothing is granted on a partition: the policies of its parent do not hold for whoever names it.
SELECT
    c.relname::text AS name,
    format(
        '%s may %s', coalesce(r.rolname, 'PUBLIC'), string_agg(x.privilege_type, ', ')
    ) AS detail,
    format(
        'REVOKE ALL ON ticketing.%I FROM %s;', c.relname, coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_class AS c
CROSS JOIN LATERAL (
    SELECT
        t.grantee,
        t.privilege_type
    FROM aclexplode(c.relacl) AS t
    UNION
    SELECT
        t.grantee,
        t.privilege_type
    FROM pg_catalog.pg_attribute AS a
    CROSS JOIN LATERAL aclexplode(a.attacl) AS t
    WHERE a.attrelid = c.oid
) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relispartition
    AND x.grantee <> c.relowner
GROUP BY c.relname, r.rolname
ORDER BY c.relname, detail;
