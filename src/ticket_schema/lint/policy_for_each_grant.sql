-- Whoever is granted a command has a permissive policy for it. A grant without one is an accident,
-- and the next policy that somebody writes turns it into an opening.
WITH grants AS (
    SELECT
        g.relation,
        x.grantee,
        x.privilege_type
    FROM (
        SELECT
            c.oid AS relation,
            c.relacl AS acl
        FROM pg_catalog.pg_class AS c
        UNION ALL
        SELECT
            a.attrelid AS relation,
            a.attacl AS acl
        FROM pg_catalog.pg_attribute AS a
    ) AS g
    CROSS JOIN LATERAL aclexplode(g.acl) AS x
    WHERE x.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE')
)

SELECT DISTINCT
    format('%s.%s', c.relname, r.rolname) AS name,
    format('%s may %s, but no policy of it shows a row', r.rolname, g.privilege_type) AS detail,
    format(
        'REVOKE %s ON ticketing.%I FROM %I; or give it a policy.',
        g.privilege_type, c.relname, r.rolname
    ) AS remedy
FROM grants AS g
INNER JOIN pg_catalog.pg_class AS c ON g.relation = c.oid
INNER JOIN pg_catalog.pg_roles AS r ON g.grantee = r.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relrowsecurity
    AND g.grantee <> c.relowner
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_policy AS p
        WHERE
            p.polrelid = c.oid
            AND p.polpermissive
            AND g.grantee = ANY(p.polroles)
            AND p.polcmd IN (
                '*',
                CASE g.privilege_type
                    WHEN 'SELECT' THEN 'r' WHEN 'INSERT' THEN 'a' WHEN 'UPDATE' THEN 'w' ELSE 'd'
                END
            )
    )
ORDER BY name, detail;
