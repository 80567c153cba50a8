-- Types that are regretted later, and changed only by writing the whole table anew.
SELECT
    n.nspname::text AS schema,
    'column' AS kind,
    pg_catalog.format('%s.%s', c.relname, a.attname) AS name,
    CASE
        WHEN t.typname = 'timestamp' THEN 'is timestamp without time zone: use timestamptz'
        WHEN t.typname = 'timetz' THEN 'is time with time zone: use timestamptz'
        WHEN t.typname = 'bpchar' THEN 'is char(n), which pads with blanks: use text'
        WHEN t.typname = 'money' THEN 'is money, which depends on lc_monetary: use bigint'
        WHEN t.typname = 'json' THEN 'is json, which has no equality and no index: use jsonb'
        ELSE 'is a key of 32 bits, which ends at 2147483647: use bigint'
    END AS detail
FROM pg_catalog.pg_attribute AS a
INNER JOIN pg_catalog.pg_class AS c ON a.attrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
WHERE
    c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND (
        t.typname IN ('timestamp', 'timetz', 'bpchar', 'money', 'json')
        OR (
            t.typname IN ('int2', 'int4')
            -- A key that counts up; a small one that somebody chooses does not run out.
            AND (
                a.attidentity <> ''
                OR pg_catalog.pg_get_serial_sequence(
                    pg_catalog.format('%I.%I', n.nspname, c.relname), a.attname
                ) IS NOT NULL
            )
        )
    )
    AND t.typnamespace = 'pg_catalog'::regnamespace
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
