-- Roles read and write rows, and no more: TRUNCATE and REFERENCES pass row level security by,
-- TRIGGER runs somebody's code for everybody, MAINTAIN locks every tenant out, and a sequence
-- tells how much the others do. PUBLIC gets nothing, ticketing_readonly reads, and what every
-- tenant sees nobody changes.
WITH grants AS (
    SELECT
        c.oid,
        c.relname::text AS name,
        c.relacl AS acl
    FROM pg_catalog.pg_class AS c
    UNION ALL
    SELECT
        c.oid,
        format('%s.%s', c.relname, a.attname) AS name,
        a.attacl AS acl
    FROM pg_catalog.pg_attribute AS a
    INNER JOIN pg_catalog.pg_class AS c ON a.attrelid = c.oid
)

SELECT
    g.name,
    format('%s may %s: %s', q.grantee, x.privilege_type, w.why) AS detail,
    format(
        'REVOKE %s%s ON %sticketing.%I FROM %s;',
        x.privilege_type,
        CASE WHEN g.name <> c.relname THEN format(' (%s)', split_part(g.name, '.', 2)) END,
        CASE WHEN c.relkind = 'S' THEN 'SEQUENCE ' END,
        c.relname,
        q.grantee
    ) AS remedy
FROM grants AS g
INNER JOIN pg_catalog.pg_class AS c ON g.oid = c.oid
CROSS JOIN LATERAL aclexplode(g.acl) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
CROSS JOIN LATERAL (VALUES (coalesce(r.rolname, 'PUBLIC'))) AS q (grantee)
CROSS JOIN LATERAL (
    VALUES
    (x.grantee = 0, 'PUBLIC is everybody'),
    (
        c.relkind <> 'S' AND x.privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'),
        'no row level security holds it'
    ),
    (
        c.relkind <> 'S' AND r.rolname = 'ticketing_readonly' AND x.privilege_type <> 'SELECT',
        'that role only reads'
    ),
    (c.relkind = 'S' AND x.grantee <> 0, 'its numbers are those of every tenant'),
    (
        c.relkind IN ('r', 'p')
        AND NOT c.relrowsecurity
        AND x.privilege_type <> 'SELECT'
        AND NOT EXISTS (
            SELECT
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
        ),
        'its rows are the same for every tenant'
    )
) AS w (is_wrong, why)
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND x.grantee <> c.relowner
    AND w.is_wrong
ORDER BY g.name, detail;
