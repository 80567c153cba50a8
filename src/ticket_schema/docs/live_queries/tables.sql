-- Sizes and rows, the largest first. Rows are estimates; many dead rows beside
-- a vacuum of long ago are room that nothing can use. A counter row changes in place, so a table
-- of counters has many dead rows for a moment.
SELECT
    c.relname AS table_name,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint ELSE s.n_live_tup END AS rows_about,
    pg_catalog.pg_size_pretty(pg_catalog.pg_total_relation_size(c.oid)) AS size,
    pg_catalog.pg_size_pretty(
        pg_catalog.pg_table_size(c.oid) - coalesce(pg_catalog.pg_total_relation_size(t.oid), 0)
    ) AS rows_take,
    pg_catalog.pg_size_pretty(pg_catalog.pg_indexes_size(c.oid)) AS indexes,
    pg_catalog.pg_size_pretty(coalesce(pg_catalog.pg_total_relation_size(t.oid), 0)) AS long_values,
    s.n_dead_tup AS dead_rows,
    CASE
        WHEN s.n_live_tup + s.n_dead_tup > 0
            THEN round(100.0 * s.n_dead_tup / (s.n_live_tup + s.n_dead_tup))::integer
    END AS dead_percent,
    greatest(s.last_vacuum, s.last_autovacuum) AS last_vacuum,
    greatest(s.last_analyze, s.last_autoanalyze) AS last_analyze
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_catalog.pg_class AS t ON c.reltoastrelid = t.oid
LEFT JOIN pg_catalog.pg_stat_all_tables AS s ON c.oid = s.relid
WHERE n.nspname = $1 AND c.relkind IN ('r', 'm')
ORDER BY pg_catalog.pg_total_relation_size(c.oid) DESC, c.relname;
