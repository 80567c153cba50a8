-- The floor names every role that holds a grant on its table: a restrictive policy binds nobody
-- but the roles that it names. One that it leaves out needs a reason. It names nobody who holds
-- nothing.
WITH floors AS (
    SELECT
        c.relname,
        c.relowner,
        p.polname,
        p.polroles,
        ARRAY(
            SELECT x.grantee
            FROM pg_catalog.pg_attribute AS a
            CROSS JOIN LATERAL aclexplode(a.attacl) AS x
            WHERE a.attrelid = c.oid
            UNION
            SELECT x.grantee
            FROM aclexplode(c.relacl) AS x
        ) AS grantees
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_policy AS p ON c.oid = p.polrelid AND NOT p.polpermissive
    WHERE c.relnamespace = to_regnamespace('ticketing')
)

SELECT
    format('%s.%s', f.relname, r.rolname) AS name,
    format('%s holds a grant, and %s does not bind it', r.rolname, f.polname) AS detail,
    format('ALTER POLICY %I ON ticketing.%I TO …, %I;', f.polname, f.relname, r.rolname) AS remedy
FROM floors AS f
INNER JOIN pg_catalog.pg_roles AS r ON r.oid = ANY(f.grantees)
WHERE
    r.oid <> f.relowner
    AND NOT r.oid = ANY(f.polroles)
    AND NOT 0::oid = ANY(f.polroles)
UNION ALL
SELECT
    format('%s.%s', f.relname, r.rolname) AS name,
    format('%s names %s, which holds no grant', f.polname, r.rolname) AS detail,
    format(
        'Name in ALTER POLICY %I ON ticketing.%I TO … those with a grant alone.',
        f.polname, f.relname
    ) AS remedy
FROM floors AS f
INNER JOIN pg_catalog.pg_roles AS r ON r.oid = ANY(f.polroles)
WHERE NOT r.oid = ANY(f.grantees) OR r.oid = f.relowner
ORDER BY name, detail;
