-- Tables whose rows nothing tells apart: no row can be named, replicated or mended by itself.
SELECT
    n.nspname::text AS schema,
    'table' AS kind,
    c.relname::text AS name,
    'has no primary key' AS detail
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND c.relpersistence <> 't'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS x
        WHERE x.indrelid = c.oid AND x.indisprimary
    )
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
