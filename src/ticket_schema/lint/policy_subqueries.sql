-- A policy reads no other table: it would see it with the rights and the policies of whoever asks,
-- once a statement or once a row, and two that read each other fail every query.
SELECT DISTINCT
    format('%s.%s', c.relname, p.polname) AS name,
    format('reads %s', r.relname) AS detail,
    'Decide by the columns of the row and the helpers alone.' AS remedy
FROM pg_catalog.pg_depend AS d
INNER JOIN pg_catalog.pg_policy AS p ON d.objid = p.oid
INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
INNER JOIN pg_catalog.pg_class AS r ON d.refobjid = r.oid
WHERE
    d.classid = 'pg_catalog.pg_policy'::regclass
    AND d.refclassid = 'pg_catalog.pg_class'::regclass
    AND c.relnamespace = to_regnamespace('ticketing')
    AND r.oid <> c.oid
ORDER BY name, detail;
