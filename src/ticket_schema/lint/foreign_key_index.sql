-- Every foreign key has an index that leads with its columns: without it a delete reads the whole
-- child table, the rows of every tenant, under a lock.
SELECT
    format('%s.%s', c.relname, k.conname) AS name,
    format('no index leads with (%s)', q.columns) AS detail,
    format('CREATE INDEX CONCURRENTLY ON ticketing.%I (%s);', c.relname, q.columns) AS remedy
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
CROSS JOIN LATERAL (
    SELECT
        string_agg(quote_ident(a.attname), ', ' ORDER BY u.place) AS columns,
        max(a.attname) FILTER (WHERE u.place = cardinality(k.conkey)) AS last_column
    FROM unnest(k.conkey) WITH ORDINALITY AS u (number, place)
    INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid AND u.number = a.attnum
) AS q
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND k.contype = 'f'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_index AS x
        WHERE
            x.indrelid = c.oid
            AND x.indisvalid
            AND x.indnkeyatts >= cardinality(k.conkey)
            AND starts_with(x.indkey::text || ' ', array_to_string(k.conkey, ' ') || ' ')
            -- A row without a parent needs no finding; every other predicate hides some that do.
            AND coalesce(
                pg_get_expr(x.indpred, x.indrelid) = format('(%I IS NOT NULL)', q.last_column), TRUE
            )
    )
ORDER BY name;
