-- Row level security is enabled and forced on every table. Without ENABLE, whoever holds a grant
-- reads the rows of every tenant; without FORCE, so does every function that runs as the owner.
SELECT
    c.relname::text AS name,
    format('row level security is not %sd', lower(w.verb)) AS detail,
    format('ALTER TABLE ticketing.%I %s ROW LEVEL SECURITY;', c.relname, w.verb) AS remedy
FROM pg_catalog.pg_class AS c
CROSS JOIN LATERAL (
    VALUES
    (NOT c.relrowsecurity, 'ENABLE'),
    (NOT c.relforcerowsecurity, 'FORCE')
) AS w (is_wrong, verb)
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND w.is_wrong
ORDER BY c.relname, w.verb;
