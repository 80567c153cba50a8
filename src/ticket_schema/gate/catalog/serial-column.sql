-- Columns of serial: their sequence is an object of its own, with rights and an owner of its own.
SELECT
    o.schema,
    'column' AS kind,
    format('%s.%s', o.name, a.attname) AS name,
    'is serial: use GENERATED ALWAYS AS IDENTITY' AS detail
FROM own AS o
INNER JOIN pg_attribute AS a ON o.oid = a.attrelid
INNER JOIN pg_attrdef AS f ON a.attrelid = f.adrelid AND a.attnum = f.adnum
INNER JOIN pg_depend AS d
    ON
        d.classid = 'pg_class'::regclass
        AND d.refclassid = 'pg_class'::regclass
        AND o.oid = d.refobjid
        AND a.attnum = d.refobjsubid
        AND d.deptype = 'a'
INNER JOIN pg_class AS s ON d.objid = s.oid AND s.relkind = 'S'
WHERE o.relkind IN ('r', 'p') AND a.attidentity = '' AND NOT o.relispartition
ORDER BY o.schema, name;
