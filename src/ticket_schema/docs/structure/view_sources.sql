-- One row a view: the relations that it reads, with their columns.
SELECT
    v.relname::text AS name,
    jsonb_agg(
        DISTINCT jsonb_build_object('schema', n.nspname, 'table', c.relname, 'column', a.attname)
    ) AS facts
FROM pg_rewrite AS r
INNER JOIN pg_class AS v ON r.ev_class = v.oid
INNER JOIN pg_namespace AS vn ON v.relnamespace = vn.oid
INNER JOIN pg_depend AS d ON r.oid = d.objid
INNER JOIN pg_class AS c ON d.refobjid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
-- Only columns have a number there; the view's own rule has none.
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND d.refobjsubid = a.attnum AND a.attnum > 0
WHERE
    vn.nspname = $1
    AND v.relkind IN ('v', 'm')
    AND d.classid = 'pg_rewrite'::regclass
    AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid <> v.oid
GROUP BY v.relname;
