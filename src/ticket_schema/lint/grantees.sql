-- Rights in this schema belong to its three groups, and none of them can hand them on. A right of
-- any other role is bound by no floor and found by nobody who looks at the groups.
WITH objects AS (
    SELECT
        c.relname::text AS name,
        c.relowner AS owner_id,
        c.relacl AS acl
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        format('%s.%s', c.relname, a.attname) AS name,
        c.relowner AS owner_id,
        a.attacl AS acl
    FROM pg_catalog.pg_attribute AS a
    INNER JOIN pg_catalog.pg_class AS c ON a.attrelid = c.oid
    WHERE c.relnamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
        p.proowner AS owner_id,
        p.proacl AS acl
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        t.typname::text AS name,
        t.typowner AS owner_id,
        t.typacl AS acl
    FROM pg_catalog.pg_type AS t
    WHERE t.typnamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        n.nspname::text AS name,
        n.nspowner AS owner_id,
        n.nspacl AS acl
    FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname = 'ticketing'
)

SELECT
    o.name,
    w.detail,
    w.remedy
FROM objects AS o
CROSS JOIN LATERAL aclexplode(o.acl) AS x
INNER JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
CROSS JOIN LATERAL (
    VALUES
    (
        r.rolname NOT IN (
            'ticketing_owner', 'ticketing_app', 'ticketing_worker', 'ticketing_readonly'
        ),
        format('%s, which is no group of this schema, holds %s', r.rolname, x.privilege_type),
        format('REVOKE it, and GRANT one of the groups to %I.', r.rolname)
    ),
    (
        x.is_grantable,
        format('%s may hand %s on', r.rolname, x.privilege_type),
        format('REVOKE GRANT OPTION FOR %s … FROM %I;', x.privilege_type, r.rolname)
    )
) AS w (is_wrong, detail, remedy)
WHERE x.grantee <> o.owner_id AND w.is_wrong
ORDER BY o.name, w.detail;
