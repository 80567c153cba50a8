-- A function that runs as its owner and that a role may call takes its arguments from that role,
-- another tenant's ids included. Each pair of them is listed with what keeps it inside the tenant:
-- what a background job may call is not for a service.
SELECT
    format('%s(%s).%s', p.proname, oidvectortypes(p.proargtypes), coalesce(r.rolname, 'PUBLIC'))
        AS name,
    format(
        'runs as %s, called by %s', pg_get_userbyid(p.proowner), coalesce(r.rolname, 'PUBLIC')
    ) AS detail,
    format(
        'REVOKE EXECUTE ON FUNCTION ticketing.%I(%s) FROM %s;',
        p.proname, pg_get_function_identity_arguments(p.oid), coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_proc AS p
CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS x
LEFT JOIN pg_catalog.pg_roles AS r ON x.grantee = r.oid
WHERE
    p.pronamespace = to_regnamespace('ticketing')
    AND p.prosecdef
    AND x.grantee <> p.proowner
ORDER BY name;
