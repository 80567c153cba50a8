-- One row a sequence: its limits, and the column that it belongs to.
SELECT
    c.relname::text AS name,
    jsonb_strip_nulls(jsonb_build_object(
        'least', s.seqmin,
        'greatest', s.seqmax,
        'cache', s.seqcache,
        'column', (
            SELECT format('%s.%s', o.relname, a.attname)
            FROM pg_depend AS d
            INNER JOIN pg_class AS o ON d.refobjid = o.oid
            INNER JOIN pg_attribute AS a ON o.oid = a.attrelid AND d.refobjsubid = a.attnum
            WHERE
                d.classid = 'pg_class'::regclass
                AND d.objid = c.oid
                AND d.refclassid = 'pg_class'::regclass
                AND d.deptype IN ('a', 'i')
        )
    )) AS facts
FROM pg_sequence AS s
INNER JOIN pg_class AS c ON s.seqrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = $1;
