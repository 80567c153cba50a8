-- The server, and the settings that decide how it cleans up, waits and survives.
SELECT
    s.name::name AS setting,
    pg_catalog.current_setting(s.name) AS value,
    s.source AS set_by
FROM pg_catalog.pg_settings AS s
WHERE
    s.name IN (
        'autovacuum', 'autovacuum_freeze_max_age', 'autovacuum_max_workers',
        'autovacuum_vacuum_cost_delay', 'autovacuum_vacuum_scale_factor', 'checkpoint_timeout',
        'data_checksums', 'effective_cache_size', 'fsync', 'full_page_writes',
        'idle_in_transaction_session_timeout', 'lock_timeout', 'maintenance_work_mem',
        'max_connections', 'max_prepared_transactions', 'max_slot_wal_keep_size', 'max_wal_size',
        'random_page_cost', 'server_version', 'shared_buffers', 'statement_timeout',
        'synchronous_commit', 'track_commit_timestamp', 'track_counts', 'transaction_timeout',
        'wal_level', 'work_mem'
    )
ORDER BY s.name;
