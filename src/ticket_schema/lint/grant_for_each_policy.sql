-- A permissive policy for one command goes with a grant of it. A policy for what nobody may do
-- waits for a grant that somebody gives without a look at it.
SELECT
    format('%s.%s', c.relname, p.polname) AS name,
    format('%s is not granted %s', r.rolname, m.command) AS detail,
    format('DROP POLICY %I ON ticketing.%I; or name other roles.', p.polname, c.relname) AS remedy
FROM pg_catalog.pg_policy AS p
INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
INNER JOIN pg_catalog.pg_roles AS r ON r.oid = ANY(p.polroles)
INNER JOIN (
    VALUES ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')
) AS m (letter, command) ON p.polcmd::text = m.letter
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND p.polpermissive
    AND r.oid <> c.relowner
    AND NOT EXISTS (
        SELECT
        FROM aclexplode(c.relacl) AS x
        WHERE x.grantee = r.oid AND x.privilege_type = m.command
        UNION ALL
        SELECT
        FROM pg_catalog.pg_attribute AS a
        CROSS JOIN LATERAL aclexplode(a.attacl) AS x
        WHERE a.attrelid = c.oid AND x.grantee = r.oid AND x.privilege_type = m.command
    )
ORDER BY name, detail;
