-- Every permissive policy repeats the tenant test, joined to the rest by AND: the loss of the
-- floor then shows no row of another tenant. A policy without it reaches across tenants and needs
-- a reason.
WITH clauses AS (
    SELECT
        c.relname,
        p.polname,
        t.clause,
        t.body,
        format(
            '(%s = ( SELECT ticketing.current_tenant_id() AS current_tenant_id))',
            CASE c.relname WHEN 'tenants' THEN 'id' ELSE 'tenant_id' END
        ) AS tenant_test
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
    CROSS JOIN LATERAL (
        VALUES
        ('USING', pg_get_expr(p.polqual, p.polrelid)),
        ('WITH CHECK', pg_get_expr(p.polwithcheck, p.polrelid))
    ) AS t (clause, body)
    WHERE
        c.relnamespace = to_regnamespace('ticketing')
        AND p.polpermissive
)

SELECT
    format('%s.%s', t.relname, t.polname) AS name,
    format('%s does not begin with the tenant test: %s', t.clause, t.body) AS detail,
    format(
        'ALTER POLICY %I ON ticketing.%I %s (%s AND …);',
        t.polname, t.relname, t.clause, t.tenant_test
    ) AS remedy
FROM clauses AS t
WHERE
    t.body <> t.tenant_test
    AND (NOT starts_with(t.body, format('(%s AND ', t.tenant_test)) OR t.body LIKE '% OR %')
ORDER BY name, detail;
