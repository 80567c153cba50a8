-- The schema holds tables, views and their sequences, on disk and in the log. A foreign table has
-- no row level security; an unlogged one is empty after a crash, and with it the spent codes and
-- used nonces.
SELECT
    c.relname::text AS name,
    w.detail,
    w.remedy
FROM pg_catalog.pg_class AS c
CROSS JOIN LATERAL (
    VALUES
    (
        c.relkind = 'f',
        'is a foreign table: it has no row level security',
        format('DROP FOREIGN TABLE ticketing.%I;', c.relname)
    ),
    (
        c.relkind IN ('r', 'p') AND c.relpersistence <> 'p',
        'is unlogged: a crash empties it',
        format('ALTER TABLE ticketing.%I SET LOGGED;', c.relname)
    )
) AS w (is_wrong, detail, remedy)
WHERE c.relnamespace = to_regnamespace('ticketing') AND w.is_wrong
ORDER BY name, w.detail;
