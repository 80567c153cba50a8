-- No row refers to a row that does not exist. PostgreSQL marks a foreign key validated although
-- there are some when the owner adds it under forced row level security, because its look at the
-- rows is filtered. Reads every table, and only whoever sees every row can answer; for others it
-- says so.
WITH keys AS (
    SELECT
        c.relname,
        k.conname,
        (r.rolsuper OR r.rolbypassrls)
        AND has_table_privilege(k.conrelid, 'SELECT')
        AND has_table_privilege(k.confrelid, 'SELECT') AS sees_every_row,
        format(
            'SELECT ''orphan''::tsvector FROM %s.%I AS c WHERE %s '
            'AND NOT EXISTS (SELECT FROM %s.%I AS p WHERE %s) LIMIT 1000',
            c.relnamespace::regnamespace, c.relname,
            string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '),
            p.relnamespace::regnamespace, p.relname,
            string_agg(format('p.%I = c.%I', b.attname, a.attname), ' AND ')
        ) AS query
    FROM pg_catalog.pg_constraint AS k
    INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
    INNER JOIN pg_catalog.pg_class AS p ON k.confrelid = p.oid
    INNER JOIN pg_catalog.pg_roles AS r ON r.rolname = current_user
    CROSS JOIN LATERAL unnest(k.conkey, k.confkey) AS u (child, parent)
    INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid AND u.child = a.attnum
    INNER JOIN pg_catalog.pg_attribute AS b ON p.oid = b.attrelid AND u.parent = b.attnum
    WHERE k.contype = 'f' AND k.conparentid = 0 AND c.relnamespace = to_regnamespace('ticketing')
    GROUP BY k.oid, k.conname, k.conrelid, k.confrelid, c.oid, c.relname, p.oid, p.relname,
        r.rolsuper, r.rolbypassrls
)

SELECT
    format('%s.%s', k.relname, k.conname) AS name,
    format(
        '%s%s rows refer to nothing', CASE WHEN s.ndoc = 1000 THEN 'at least ' END, s.ndoc
    ) AS detail,
    format(
        'Mend the rows; then ALTER TABLE ticketing.%I DROP CONSTRAINT %I; and add it again as a '
        'superuser.',
        k.relname, k.conname
    ) AS remedy
FROM keys AS k
-- The one function of a plain server that runs the text of a query inside a SELECT; it counts the
-- rows that hold a word.
CROSS JOIN LATERAL ts_stat(
    CASE WHEN k.sees_every_row THEN k.query ELSE 'SELECT NULL::tsvector WHERE FALSE' END
) AS s
UNION ALL
SELECT
    format('%s.%s', k.relname, k.conname) AS name,
    format('not looked at: %s does not see every row', current_user) AS detail,
    'Ask as a superuser, or as a BYPASSRLS role that may read the tables.' AS remedy
FROM keys AS k
WHERE NOT k.sees_every_row
ORDER BY name;
