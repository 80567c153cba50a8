-- Logical replication knows no row level security: a subscriber gets the rows of every tenant.
-- Only the outbox is made to be read that way.
SELECT
    format('%s.%s', p.pubname, t.tablename) AS name,
    'carries the rows of every tenant to its subscribers' AS detail,
    format('ALTER PUBLICATION %I DROP TABLE ticketing.%I;', p.pubname, t.tablename) AS remedy
FROM pg_catalog.pg_publication AS p
INNER JOIN pg_catalog.pg_publication_tables AS t ON p.pubname = t.pubname
WHERE t.schemaname = 'ticketing' AND t.tablename <> 'outbox'
ORDER BY name;
