-- No function is for PUBLIC, which PostgreSQL gives EXECUTE on a new one, and no trigger function
-- is for anybody: whoever may execute one that runs as the owner can attach it to a table of their
-- own and feed it rows of any tenant.
SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    format('%s may execute it', coalesce(r.rolname, 'PUBLIC')) AS detail,
    format(
        'REVOKE EXECUTE ON FUNCTION ticketing.%I(%s) FROM %s;',
        p.proname, pg_get_function_identity_arguments(p.oid), coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_proc AS p
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    p.pronamespace = to_regnamespace('ticketing')
    AND x.grantee <> p.proowner
    AND (x.grantee = 0 OR p.prorettype = 'trigger'::regtype)
ORDER BY name, detail;
