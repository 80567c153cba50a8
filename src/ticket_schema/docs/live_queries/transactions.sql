-- The transactions that have been open for longest. Each keeps VACUUM from what died since its
-- snapshot, and may keep a migration from its locks.
SELECT
    a.pid,
    a.usename AS role_name,
    a.application_name::name AS application,
    a.state,
    pg_catalog.clock_timestamp() - a.xact_start AS open_for,
    pg_catalog.age(a.backend_xmin) AS snapshot_in_transactions,
    a.wait_event_type AS waits_for,
    array_to_string(pg_catalog.pg_blocking_pids(a.pid), ', ') AS blocked_by
FROM pg_catalog.pg_stat_activity AS a
WHERE
    a.datname = pg_catalog.current_database()
    AND a.pid <> pg_catalog.pg_backend_pid()
    AND a.xact_start IS NOT NULL
UNION ALL
SELECT
    NULL AS pid,
    p.owner AS role_name,
    p.gid::name AS application,
    'prepared: nobody''s session ends it' AS state,
    pg_catalog.clock_timestamp() - p.prepared AS open_for,
    pg_catalog.age(p.transaction) AS snapshot_in_transactions,
    NULL AS waits_for,
    NULL AS blocked_by
FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = pg_catalog.current_database()
ORDER BY 5 DESC
LIMIT 20;
