-- One row a constraint of a table: its kind, its columns and the index that keeps it.
SELECT
    format('%s.%s', c.relname, k.conname) AS name,
    jsonb_build_object(
        'constraint', k.conname,
        'table', c.relname,
        'kind', CASE k.contype
            WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check'
            WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion' ELSE 'trigger'
        END,
        'columns', coalesce((
            SELECT jsonb_agg(a.attname ORDER BY o.place)
            FROM unnest(k.conkey) WITH ORDINALITY AS o (number, place)
            INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND o.number = a.attnum
        ), '[]'),
        'index', CASE WHEN k.contype IN ('p', 'u', 'x') THEN i.relname END
    ) AS facts
FROM pg_constraint AS k
INNER JOIN pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_class AS i ON k.conindid = i.oid
-- From version 18 on, NOT NULL is a constraint as well; the column says it for every version.
WHERE n.nspname = $1 AND k.contype <> 'n';
