-- A function that runs as its owner passes the policies of the caller by, so each one is listed
-- with the reason why it must; its owner is neither a superuser nor BYPASSRLS, whom no policy
-- holds at all.
SELECT
    format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
    format('runs as %s', pg_get_userbyid(p.proowner)) AS detail,
    format(
        'ALTER FUNCTION ticketing.%I(%s) SECURITY INVOKER;',
        p.proname, pg_get_function_identity_arguments(p.oid)
    ) AS remedy
FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = to_regnamespace('ticketing') AND p.prosecdef
ORDER BY name;
