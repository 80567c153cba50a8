-- Only listed functions write a setting: one that sets the tenant moves its caller into another.
SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    'writes a session setting' AS detail,
    'Leave the context to set_tenant_context() and clear_tenant_context().' AS remedy
FROM pg_catalog.pg_proc AS p
WHERE
    p.pronamespace = to_regnamespace('ticketing')
    AND p.prosrc ~ '\mset_config\s*\(|\mSET\s+(LOCAL\s+|SESSION\s+)?[a-z_]+\.|\mRESET\s+[a-z_]+\.'
ORDER BY name;
