-- Every policy names roles of this schema. One for PUBLIC gives rows to whoever gets a grant some
-- day.
SELECT
    format('%s.%s', c.relname, p.polname) AS name,
    format('is for %s', coalesce(r.rolname, 'PUBLIC')) AS detail,
    format(
        'ALTER POLICY %I ON ticketing.%I TO ticketing_…, not %s;',
        p.polname, c.relname, coalesce(r.rolname, 'PUBLIC')
    ) AS remedy
FROM pg_catalog.pg_policy AS p
INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
CROSS JOIN LATERAL unnest(p.polroles) AS m (oid)
LEFT JOIN pg_catalog.pg_roles AS r ON m.oid = r.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND coalesce(r.rolname, 'PUBLIC') NOT IN (
        'ticketing_owner', 'ticketing_app', 'ticketing_worker', 'ticketing_readonly'
    )
ORDER BY name, detail;
