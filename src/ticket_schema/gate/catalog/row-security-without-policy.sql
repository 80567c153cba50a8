-- Tables with row level security and no policy: whoever was granted something finds them empty.
-- One that nobody was granted anything on is closed on purpose.
SELECT
    o.schema,
    'table' AS kind,
    o.name,
    format('has row level security and no policy, so %s', q.who) AS detail
FROM own AS o
CROSS JOIN LATERAL (
    SELECT
        string_agg(
            DISTINCT coalesce(r.rolname::text, 'PUBLIC'),
            ', ' ORDER BY coalesce(r.rolname::text, 'PUBLIC')
        ) || ' finds no row' AS who
    FROM granted AS g
    LEFT JOIN pg_roles AS r ON g.grantee = r.oid
    WHERE g.relation = o.oid AND NOT pg_temp.bypasses(g.grantee)
    UNION ALL
    SELECT 'its owner finds no row' AS who
    WHERE o.forced AND NOT pg_temp.bypasses(o.relowner)
) AS q
WHERE
    o.guarded
    AND q.who IS NOT NULL
    AND NOT EXISTS (
        SELECT
        FROM policy AS p
        WHERE p.relation = o.oid
    )
ORDER BY o.schema, o.name, detail;
