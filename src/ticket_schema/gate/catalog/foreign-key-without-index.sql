-- Foreign keys that no index begins with: each DELETE or key change of a parent reads the whole
-- child, under the lock of the parent's row.
SELECT
    n.nspname::text AS schema,
    'constraint' AS kind,
    pg_catalog.format('%s.%s', c.relname, k.conname) AS name,
    pg_catalog.format(
        'has no index on (%s)', (
            SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY u.n)
            FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (attnum, n)
            INNER JOIN pg_catalog.pg_attribute AS a
                ON k.conrelid = a.attrelid AND u.attnum = a.attnum
        )
    ) AS detail
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE
    k.contype = 'f'
    AND k.conparentid = 0
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS x
        WHERE
            x.indrelid = k.conrelid
            AND x.indisvalid
            -- A partial index covers when it leaves out nothing but rows without the key.
            AND (
                x.indpred IS NULL
                OR pg_catalog.pg_get_expr(x.indpred, x.indrelid) ~ '^\(?"?\w+"? IS NOT NULL\)?$'
            )
            -- The columns may stand in any order, at the front. The vector counts from 0.
            AND (x.indkey::int2[])[0:pg_catalog.cardinality(k.conkey) - 1] @> k.conkey
    )
    -- With the leading column alone an index finds the few rows of one tenant or of one parent.
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS x
        WHERE
            x.indrelid = k.conrelid
            AND x.indisvalid
            AND x.indisunique
            AND x.indpred IS NULL
            AND k.conkey @> (x.indkey::int2[])[0:x.indnkeyatts - 1]
    )
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
