-- Tables without row level security, with the column by which others are guarded: one that was
-- forgotten. A table that nobody but its owner may touch is not reached by services.
WITH columns AS (
    SELECT
        g.name,
        g.type,
        bool_or(g.is_of_tenants) AS is_of_tenants,
        count(DISTINCT g.relation) AS tables,
        bool_or(EXISTS (
            SELECT
            FROM granted AS r
            WHERE r.relation = g.relation
        )) AS are_granted
    FROM guard AS g
    INNER JOIN own AS o ON g.relation = o.oid
    WHERE o.guarded
    GROUP BY g.name, g.type
),

open AS (
    SELECT
        o.schema,
        o.name,
        c.name AS column_name,
        c.tables,
        c.is_of_tenants,
        count(*) OVER (PARTITION BY c.name, c.type) AS unguarded
    FROM own AS o
    INNER JOIN pg_attribute AS a ON o.oid = a.attrelid AND NOT a.attisdropped
    INNER JOIN columns AS c ON a.attname = c.name AND a.atttypid = c.type
    WHERE
        o.relkind IN ('r', 'p')
        AND NOT o.guarded
        AND (
            EXISTS (
                SELECT
                FROM granted AS g
                WHERE g.relation = o.oid
            )
            OR (NOT c.are_granted AND NOT o.relispartition)
        )
        -- These are told of elsewhere.
        AND NOT EXISTS (
            SELECT
            FROM policy AS p
            WHERE p.relation = o.oid
        )
)

SELECT
    t.schema,
    'table' AS kind,
    t.name,
    format(
        'has %s and no row level security, unlike %s %s', t.column_name, t.tables,
        CASE t.tables WHEN 1 THEN 'table' ELSE 'tables' END
    ) AS detail,
    CASE WHEN t.tables > t.unguarded THEN 'error' ELSE 'warning' END AS severity,
    format(
        'ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;', t.schema, t.name
    ) AS mend
FROM open AS t
WHERE t.tables >= t.unguarded AND (t.is_of_tenants OR t.tables > 1)
ORDER BY t.schema, t.name;
