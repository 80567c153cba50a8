-- One row a foreign key of the schema, or to it: what it joins, and what happens to its rows.
SELECT
    format('%s.%s', c.relname, k.conname) AS name,
    jsonb_build_object(
        'constraint', k.conname,
        'table', c.relname,
        'schema', n.nspname,
        'columns', (
            SELECT jsonb_agg(a.attname ORDER BY o.place)
            FROM unnest(k.conkey) WITH ORDINALITY AS o (number, place)
            INNER JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND o.number = a.attnum
        ),
        'to_schema', rn.nspname,
        'to_table', r.relname,
        'to_columns', (
            SELECT jsonb_agg(a.attname ORDER BY o.place)
            FROM unnest(k.confkey) WITH ORDINALITY AS o (number, place)
            INNER JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND o.number = a.attnum
        ),
        'on_delete', CASE k.confdeltype
            WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
            WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT'
        END,
        'on_update', CASE k.confupdtype
            WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE'
            WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT'
        END
    ) AS facts
FROM pg_constraint AS k
INNER JOIN pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_class AS r ON k.confrelid = r.oid
INNER JOIN pg_namespace AS rn ON r.relnamespace = rn.oid
WHERE
    k.contype = 'f'
    AND k.conparentid = 0
    AND $1 IN (n.nspname, rn.nspname);
