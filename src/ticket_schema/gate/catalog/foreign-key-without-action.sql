-- Foreign keys that do not say what becomes of a row when its parent goes. NO ACTION that somebody
-- wrote looks the same.
SELECT
    o.schema,
    'constraint' AS kind,
    format('%s.%s', o.name, k.conname) AS name,
    'does not say what ON DELETE does, so a parent with rows cannot go' AS detail
FROM pg_constraint AS k
INNER JOIN own AS o ON k.conrelid = o.oid
WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confdeltype = 'a'
ORDER BY o.schema, name;
