-- Constraints that the server named: a downgrade, or a later revision, must guess the name.
SELECT
    n.nspname::text AS schema,
    'constraint' AS kind,
    'was named by the server' AS detail,
    pg_catalog.format('%s.%s', c.relname, k.conname) AS name
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    k.conparentid = 0
    AND NOT c.relispartition
    AND k.contype IN ('c', 'f', 'u', 'x')
    AND pg_catalog.left(k.conname, 12) = pg_catalog.left(c.relname, 12)
    AND k.conname ~ '_(check|fkey|key|excl)[0-9]*$'
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
