-- What an interrupted change left: none is the only good answer.
SELECT
    i.relname AS object,
    c.relname AS table_name,
    'invalid index: no query uses it, every write pays for it' AS what_is_wrong
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
INNER JOIN pg_catalog.pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = $1 AND NOT (x.indisvalid AND x.indisready AND x.indislive)
UNION ALL
SELECT
    k.conname AS object,
    c.relname AS table_name,
    'constraint that is not validated: older rows may break it' AS what_is_wrong
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = $1 AND NOT k.convalidated
ORDER BY 2, 1;
