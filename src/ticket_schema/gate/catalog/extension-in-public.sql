-- Extensions whose objects stand among those of the project. Who may make objects there can make
-- one of the same name, and a dump of the schema has them in it.
SELECT
    'public' AS schema,
    'extension' AS kind,
    e.extname::text AS name,
    'is in schema public' AS detail
FROM pg_extension AS e
WHERE e.extnamespace = 'public'::regnamespace AND e.extrelocatable
ORDER BY e.extname;
