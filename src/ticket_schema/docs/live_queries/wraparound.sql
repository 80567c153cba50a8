-- How far numbers of transactions have run since the oldest rows were frozen. At 100 % of the limit
-- autovacuum begins to freeze by force; near two billion the server stops taking writes.
SELECT
    w.name AS oldest_of,
    w.kind,
    w.aged AS age_in_transactions,
    round(100.0 * w.aged / w.forced)::integer AS of_the_limit_percent
FROM (
    SELECT
        d.datname AS name,
        'database' AS kind,
        pg_catalog.age(d.datfrozenxid) AS aged,
        pg_catalog.current_setting('autovacuum_freeze_max_age')::bigint AS forced
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
    UNION ALL
    SELECT
        d.datname AS name,
        'database, row locks of several' AS kind,
        pg_catalog.mxid_age(d.datminmxid) AS aged,
        pg_catalog.current_setting('autovacuum_multixact_freeze_max_age')::bigint AS forced
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
    UNION ALL
    (
        SELECT
            c.relname AS name,
            'table' AS kind,
            pg_catalog.age(c.relfrozenxid) AS aged,
            pg_catalog.current_setting('autovacuum_freeze_max_age')::bigint AS forced
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = $1 AND c.relkind IN ('r', 'm')
        ORDER BY pg_catalog.age(c.relfrozenxid) DESC, c.relname
        LIMIT 5
    )
) AS w;
