-- Indexes that another one makes superfluous: each write pays for both.
SELECT
    n.nspname::text AS schema,
    'index' AS kind,
    i.relname::text AS name,
    pg_catalog.format(
        'is %s %s',
        CASE WHEN x.indkey::text = y.indkey::text THEN 'the same as' ELSE 'the beginning of' END,
        j.relname
    ) AS detail
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
INNER JOIN pg_catalog.pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_catalog.pg_index AS y ON x.indrelid = y.indrelid AND x.indexrelid <> y.indexrelid
INNER JOIN pg_catalog.pg_class AS j ON y.indexrelid = j.oid
WHERE
    i.relam = j.relam
    AND coalesce(pg_catalog.pg_get_expr(x.indpred, x.indrelid), '')
    = coalesce(pg_catalog.pg_get_expr(y.indpred, y.indrelid), '')
    AND x.indexprs IS NULL
    AND y.indexprs IS NULL
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u', 'x')
    )
    AND (
        (
            x.indkey::text = y.indkey::text
            AND x.indclass::text = y.indclass::text
            AND x.indoption::text = y.indoption::text
            AND x.indcollation::text = y.indcollation::text
            AND (NOT x.indisunique OR y.indisunique)
            -- Of two equal ones the younger is named, unless the older alone can go.
            AND (
                x.indexrelid > y.indexrelid
                OR (y.indisunique AND NOT x.indisunique)
                OR EXISTS (
                    SELECT
                    FROM pg_catalog.pg_constraint AS k
                    WHERE k.conindid = y.indexrelid AND k.contype IN ('p', 'u', 'x')
                )
            )
        )
        OR (
            NOT x.indisunique
            AND i.relam = (
                SELECT a.oid
                FROM pg_catalog.pg_am AS a
                WHERE a.amname = 'btree'
            )
            AND x.indnatts = x.indnkeyatts
            AND x.indnkeyatts < y.indnkeyatts
            AND y.indkey::text LIKE x.indkey::text || ' %'
            AND y.indclass::text LIKE x.indclass::text || ' %'
            AND y.indoption::text LIKE x.indoption::text || ' %'
            AND y.indcollation::text LIKE x.indcollation::text || ' %'
        )
    )
    AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY schema, name;
