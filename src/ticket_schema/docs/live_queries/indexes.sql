-- How often each index was used since statistics were reset.
SELECT
    i.relname AS index_name,
    c.relname AS table_name,
    s.idx_scan AS scans,
    s.idx_tup_read AS entries_read,
    pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(i.oid)) AS size
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
INNER JOIN pg_catalog.pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_catalog.pg_stat_all_indexes AS s ON i.oid = s.indexrelid
WHERE n.nspname = $1 AND i.relkind = 'i'
ORDER BY c.relname, i.relname;
