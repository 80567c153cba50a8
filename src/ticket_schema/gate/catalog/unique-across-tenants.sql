-- Unique keys of a tenant's table that hold across tenants: the error of an INSERT tells what
-- another tenant has, and one takes a value away from all. Numbers and identifiers that are made
-- up tell nothing.
SELECT
    o.schema,
    'index' AS kind,
    i.relname::text AS name,
    format('is unique across every %s', string_agg(DISTINCT g.name, ', ')) AS detail
FROM pg_index AS x
INNER JOIN pg_class AS i ON x.indexrelid = i.oid
INNER JOIN own AS o ON x.indrelid = o.oid
INNER JOIN guard AS g ON o.oid = g.relation AND g.is_of_tenants
WHERE
    x.indisunique
    AND NOT EXISTS (
        SELECT
        FROM pg_attribute AS a
        INNER JOIN guard AS h ON a.attrelid = h.relation AND a.attname = h.name
        WHERE a.attrelid = o.oid AND h.is_of_tenants AND a.attnum = ANY(x.indkey)
    )
    AND (
        x.indexprs IS NOT NULL
        OR EXISTS (
            SELECT
            FROM pg_attribute AS a
            WHERE
                a.attrelid = o.oid
                AND a.attnum = ANY((x.indkey::int2[])[0:x.indnkeyatts - 1])
                AND a.atttypid <> 'uuid'::regtype
                AND a.attidentity = ''
                AND NOT EXISTS (
                    SELECT
                    FROM pg_attrdef AS f
                    WHERE
                        f.adrelid = a.attrelid
                        AND f.adnum = a.attnum
                        AND pg_get_expr(f.adbin, f.adrelid) ~ 'nextval\('
                )
                -- The row of another table that it is part of, or repeats.
                AND NOT EXISTS (
                    SELECT
                    FROM pg_constraint AS k
                    WHERE k.conrelid = o.oid AND k.contype = 'f' AND a.attnum = ANY(k.conkey)
                )
                AND NOT (x.indisprimary AND a.atttypid IN ('int4'::regtype, 'int8'::regtype))
        )
    )
GROUP BY o.schema, i.relname
ORDER BY o.schema, name;
