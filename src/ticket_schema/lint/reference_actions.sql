-- A delete is refused or takes the row along, an update of a key is refused. SET NULL or SET
-- DEFAULT on a key that carries the tenant would empty tenant_id, and ON UPDATE CASCADE would move
-- rows to another tenant, past every policy.
SELECT
    format('%s.%s', c.relname, k.conname) AS name,
    pg_get_constraintdef(k.oid) AS detail,
    format('Make %I anew with ON DELETE RESTRICT or CASCADE alone.', k.conname) AS remedy
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND k.contype = 'f'
    AND (k.confdeltype NOT IN ('r', 'c') OR k.confupdtype NOT IN ('a', 'r'))
ORDER BY name;
