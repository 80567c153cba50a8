-- A policy that shows or lets in every row there is says so with a reason. What a sweeper may see
-- of every tenant is bounded by what is overdue; TRUE would give it all the rest as well.
SELECT
    format('%s.%s', c.relname, p.polname) AS name,
    format('%s is TRUE', t.clause) AS detail,
    format('ALTER POLICY %I ON ticketing.%I %s (…);', p.polname, c.relname, t.clause) AS remedy
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
    AND t.body = 'true'
ORDER BY name, detail;
