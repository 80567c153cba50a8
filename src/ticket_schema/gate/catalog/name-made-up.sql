-- Constraints that the server named: a downgrade, or a later revision, must guess the name. It
-- weighs more in a project that names the others.
WITH named AS (
    SELECT
        o.schema,
        format('%s.%s', o.name, k.conname) AS name,
        starts_with(k.conname, left(o.name, 12))
        AND k.conname ~ '_(check|fkey|key|excl)[0-9]*$' AS is_made_up
    FROM pg_constraint AS k
    INNER JOIN own AS o ON k.conrelid = o.oid
    WHERE
        k.conparentid = 0
        AND NOT o.relispartition
        AND k.contype IN ('c', 'f', 'u', 'x')
),

counted AS (
    SELECT
        count(*) FILTER (WHERE NOT m.is_made_up) AS others,
        count(*) FILTER (WHERE m.is_made_up) AS made_up
    FROM named AS m
)

SELECT
    n.schema,
    'constraint' AS kind,
    n.name,
    'was named by the server' AS detail,
    CASE WHEN q.others > q.made_up THEN 'warning' ELSE 'note' END AS severity
FROM named AS n
CROSS JOIN counted AS q
WHERE n.is_made_up
ORDER BY n.schema, n.name;
