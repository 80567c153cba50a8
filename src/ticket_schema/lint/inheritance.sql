-- No table inherits from another, but for partitions of a table of this schema: who reads the
-- parent reads the children too, under the grants and the policies of the parent alone.
SELECT
    format('%s.%s', c.relnamespace::regnamespace, c.relname) AS name,
    format('is a child of %s.%s', p.relnamespace::regnamespace, p.relname) AS detail,
    format(
        'ALTER TABLE %s.%I %s %s.%I%s;',
        CASE WHEN c.relispartition THEN p.relnamespace ELSE c.relnamespace END::regnamespace,
        CASE WHEN c.relispartition THEN p.relname ELSE c.relname END,
        CASE WHEN c.relispartition THEN 'DETACH PARTITION' ELSE 'NO INHERIT' END,
        CASE WHEN c.relispartition THEN c.relnamespace ELSE p.relnamespace END::regnamespace,
        CASE WHEN c.relispartition THEN c.relname ELSE p.relname END,
        ''
    ) AS remedy
FROM pg_catalog.pg_inherits AS i
INNER JOIN pg_catalog.pg_class AS c ON i.inhrelid = c.oid
INNER JOIN pg_catalog.pg_class AS p ON i.inhparent = p.oid
WHERE
    c.relkind IN ('r', 'p', 'f')
    AND to_regnamespace('ticketing') IN (c.relnamespace, p.relnamespace)
    AND (NOT c.relispartition OR c.relnamespace <> p.relnamespace)
ORDER BY name;
