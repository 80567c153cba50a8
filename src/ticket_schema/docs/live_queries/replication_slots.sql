-- Slots of the server. One that nobody reads keeps WAL until the disk is full, and rows from
-- VACUUM.
SELECT
    s.slot_name AS slot,
    s.slot_type AS type,
    s.active AS in_use,
    s.wal_status AS wal,
    CASE
        WHEN NOT pg_catalog.pg_is_in_recovery()
            THEN pg_catalog.pg_size_pretty(
                pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)
            )
    END AS keeps,
    greatest(pg_catalog.age(s.xmin), pg_catalog.age(s.catalog_xmin)) AS rows_of_in_transactions
FROM pg_catalog.pg_replication_slots AS s
ORDER BY s.slot_name;
