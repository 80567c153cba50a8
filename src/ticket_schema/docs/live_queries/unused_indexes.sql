-- Indexes that no query has used since statistics were reset, and that keep no rule. Before one is
-- dropped, read what it is for: it may serve a rare question, a standby, or a deletion elsewhere.
SELECT
    i.relname AS index_name,
    c.relname AS table_name,
    pg_catalog.pg_size_pretty(pg_catalog.pg_relation_size(i.oid)) AS size,
    d.stats_reset AS counted_since
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
INNER JOIN pg_catalog.pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_catalog.pg_stat_all_indexes AS s ON i.oid = s.indexrelid
LEFT JOIN pg_catalog.pg_stat_database AS d ON d.datname = pg_catalog.current_database()
WHERE
    n.nspname = $1
    AND i.relkind = 'i'
    AND coalesce(s.idx_scan, 0) = 0
    AND NOT x.indisunique
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_constraint AS k
        WHERE k.conindid = i.oid
    )
ORDER BY pg_catalog.pg_relation_size(i.oid) DESC, i.relname;
