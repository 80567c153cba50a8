-- Tables and columns that say nothing, in a database where others do.
SELECT
    n.nspname::text AS schema,
    'has no comment' AS detail,
    CASE WHEN a.attnum IS NULL THEN 'table' ELSE 'column' END AS kind,
    CASE
        WHEN a.attnum IS NULL THEN c.relname::text
        ELSE pg_catalog.format('%s.%s', c.relname, a.attname)
    END AS name
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_catalog.pg_attribute AS a
    ON
        c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
        AND pg_catalog.obj_description(c.oid, 'pg_class') IS NOT NULL
WHERE
    c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND (
        (a.attnum IS NULL AND pg_catalog.obj_description(c.oid, 'pg_class') IS NULL)
        OR (a.attnum IS NOT NULL AND pg_catalog.col_description(c.oid, a.attnum) IS NULL)
    )
    AND EXISTS (
        SELECT
        FROM pg_catalog.pg_description AS d
        INNER JOIN pg_catalog.pg_class AS o ON d.objoid = o.oid
        INNER JOIN pg_catalog.pg_namespace AS p ON o.relnamespace = p.oid
        WHERE
            d.classoid = 'pg_class'::regclass
            AND o.relkind IN ('r', 'p')
            AND p.nspname NOT LIKE 'pg\_%' AND p.nspname <> 'information_schema'
    )
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
