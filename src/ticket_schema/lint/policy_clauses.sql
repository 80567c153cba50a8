-- A policy says both what it shows and what it lets in, where both count. PostgreSQL takes USING
-- for a missing WITH CHECK; a reader, and the next ALTER POLICY, may not.
SELECT
    format('%s.%s', c.relname, p.polname) AS name,
    format('has no %s', w.clause) AS detail,
    format('ALTER POLICY %I ON ticketing.%I %s (…);', p.polname, c.relname, w.clause) AS remedy
FROM pg_catalog.pg_policy AS p
INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
CROSS JOIN LATERAL (
    VALUES
    (p.polcmd <> 'a' AND p.polqual IS NULL, 'USING'),
    (p.polcmd IN ('*', 'a', 'w') AND p.polwithcheck IS NULL, 'WITH CHECK')
) AS w (is_wrong, clause)
WHERE c.relnamespace = to_regnamespace('ticketing') AND w.is_wrong
ORDER BY name, detail;
