-- CHECK constraints that ask for something which changes: a row that was good is not good any more,
-- and a dump of it cannot be loaded. Operators are passed over: timestamptz + interval counts as
-- one that depends on the time zone.
WITH functions AS (
    SELECT
        k.oid,
        p.proname::text AS name
    FROM pg_constraint AS k
    CROSS JOIN LATERAL regexp_matches(
        k.conbin::text, '\{FUNCEXPR :funcid (\d+)(?:(?!\{).)*?:funcformat (\d)', 'g'
    ) AS f (found)
    INNER JOIN pg_proc AS p ON f.found[1]::oid = p.oid
    -- An implicit cast is nobody's wish.
    WHERE k.contype = 'c' AND p.provolatile <> 'i' AND f.found[2] <> '2'
    UNION
    SELECT
        k.oid,
        'the time or the role' AS name
    FROM pg_constraint AS k
    WHERE k.contype = 'c' AND k.conbin::text ~ '\{SQLVALUEFUNCTION '
)

SELECT
    o.schema,
    'constraint' AS kind,
    format('%s.%s', o.name, k.conname) AS name,
    format('asks for %s', string_agg(f.name, ', ' ORDER BY f.name)) AS detail
FROM functions AS f
INNER JOIN pg_constraint AS k ON f.oid = k.oid
INNER JOIN own AS o ON k.conrelid = o.oid
GROUP BY o.schema, o.name, k.conname
ORDER BY o.schema, name;
