-- Every table has one floor: a restrictive policy for all commands, with the tenant test in both
-- clauses. It holds whatever a permissive policy grants, so that none of those can open a tenant.
WITH floors AS (
    SELECT
        c.relname,
        p.polname,
        p.polcmd,
        pg_get_expr(p.polqual, p.polrelid) AS using_text,
        pg_get_expr(p.polwithcheck, p.polrelid) AS check_text,
        format(
            '(%s = ( SELECT ticketing.current_tenant_id() AS current_tenant_id))',
            CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
        ) AS tenant_test,
        count(p.oid) OVER (PARTITION BY c.oid) AS floors
    FROM pg_catalog.pg_class AS c
    LEFT JOIN pg_catalog.pg_policy AS p ON c.oid = p.polrelid AND NOT p.polpermissive
    WHERE
        c.relnamespace = to_regnamespace('ticketing')
        AND c.relkind IN ('r', 'p')
        AND NOT c.relispartition
)

SELECT DISTINCT
    f.relname::text AS name,
    w.detail,
    format(
        'Have one policy %I on ticketing.%I, AS RESTRICTIVE FOR ALL, with USING and WITH CHECK %s.',
        f.relname || '_tenant_isolation', f.relname, f.tenant_test
    ) AS remedy
FROM floors AS f
CROSS JOIN LATERAL (
    VALUES
    (f.floors = 0, 'no restrictive policy'),
    (f.floors > 1, format('%s restrictive policies instead of one', f.floors)),
    (
        f.floors = 1 AND f.polname <> f.relname || '_tenant_isolation',
        format('the only restrictive policy is %s', f.polname)
    ),
    (
        f.floors = 1 AND f.polcmd <> '*',
        format('%s is for one command alone', f.polname)
    ),
    (
        f.floors = 1 AND (f.using_text = f.tenant_test) IS NOT TRUE,
        format('USING of %s is %s', f.polname, coalesce(f.using_text, 'missing'))
    ),
    (
        f.floors = 1 AND (f.check_text = f.tenant_test) IS NOT TRUE,
        format('WITH CHECK of %s is %s', f.polname, coalesce(f.check_text, 'missing'))
    )
) AS w (is_wrong, detail)
WHERE w.is_wrong
ORDER BY name, w.detail;
