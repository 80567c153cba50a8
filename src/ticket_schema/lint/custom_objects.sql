-- The schema brings no operators, operator classes, casts, aggregates or conversions of its own: a
-- statement picks them by the types of its operands, so a new one changes what policies and
-- functions compare without a word of theirs being touched.
SELECT
    q.name,
    format('is %s of its own', q.kind) AS detail,
    'Drop it.' AS remedy
FROM (
    SELECT
        format('operator %s', o.oprname) AS name,
        'an operator' AS kind,
        o.oprnamespace AS namespace
    FROM pg_catalog.pg_operator AS o
    UNION ALL
    SELECT
        format('operator class %s', o.opcname) AS name,
        'an operator class' AS kind,
        o.opcnamespace AS namespace
    FROM pg_catalog.pg_opclass AS o
    UNION ALL
    SELECT
        format('conversion %s', o.conname) AS name,
        'a conversion' AS kind,
        o.connamespace AS namespace
    FROM pg_catalog.pg_conversion AS o
    UNION ALL
    SELECT
        format('collation %s', o.collname) AS name,
        'a collation' AS kind,
        o.collnamespace AS namespace
    FROM pg_catalog.pg_collation AS o
    UNION ALL
    SELECT
        format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
        'an aggregate or window function' AS kind,
        p.pronamespace AS namespace
    FROM pg_catalog.pg_proc AS p
    WHERE p.prokind IN ('a', 'w')
    UNION ALL
    SELECT
        format('cast %s to %s', format_type(k.castsource, NULL), format_type(k.casttarget, NULL))
            AS name,
        'a cast' AS kind,
        coalesce(p.pronamespace, t.typnamespace, u.typnamespace) AS namespace
    FROM pg_catalog.pg_cast AS k
    LEFT JOIN pg_catalog.pg_proc AS p
        ON k.castfunc = p.oid AND p.pronamespace = to_regnamespace('ticketing')
    LEFT JOIN pg_catalog.pg_type AS t
        ON k.castsource = t.oid AND t.typnamespace = to_regnamespace('ticketing')
    LEFT JOIN pg_catalog.pg_type AS u
        ON k.casttarget = u.oid AND u.typnamespace = to_regnamespace('ticketing')
) AS q
WHERE q.namespace = to_regnamespace('ticketing')
ORDER BY q.name;
