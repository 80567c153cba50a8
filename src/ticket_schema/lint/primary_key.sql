-- The primary key of every table is (tenant_id, id), so that a reference to it can carry the
-- tenant.
SELECT
    c.relname::text AS name,
    coalesce('primary key is ' || pg_get_constraintdef(k.oid), 'has no primary key') AS detail,
    format('Give ticketing.%I PRIMARY KEY (tenant_id, id).', c.relname) AS remedy
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_constraint AS k ON c.oid = k.conrelid AND k.contype = 'p'
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND pg_get_constraintdef(k.oid) IS DISTINCT FROM 'PRIMARY KEY (tenant_id, id)'
ORDER BY c.relname;
