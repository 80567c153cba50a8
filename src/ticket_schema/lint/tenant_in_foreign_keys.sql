-- Foreign keys ignore row level security, so every one of them carries the tenant: its first
-- column is tenant_id on both sides, or it refers to tenants. Otherwise a row can point into
-- another tenant, learn what exists there, and be deleted from there. Keys from or to other
-- schemas count as well.
WITH keys AS (
    SELECT
        k.conname,
        k.conkey,
        c.relnamespace AS child_schema,
        c.relname AS child,
        p.relnamespace AS parent_schema,
        p.relname AS parent,
        a.attname AS child_column,
        b.attname AS parent_column
    FROM pg_catalog.pg_constraint AS k
    INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
    INNER JOIN pg_catalog.pg_class AS p ON k.confrelid = p.oid
    INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid AND k.conkey[1] = a.attnum
    INNER JOIN pg_catalog.pg_attribute AS b ON p.oid = b.attrelid AND k.confkey[1] = b.attnum
    WHERE
        k.contype = 'f'
        AND k.conparentid = 0
        AND to_regnamespace('ticketing') IN (c.relnamespace, p.relnamespace)
)

SELECT
    CASE
        WHEN k.child_schema = to_regnamespace('ticketing') THEN format('%s.%s', k.child, k.conname)
        ELSE format('%s.%s.%s', k.child_schema::regnamespace, k.child, k.conname)
    END AS name,
    format(
        'pairs %s with %s of %s.%s first',
        k.child_column, k.parent_column, k.parent_schema::regnamespace, k.parent
    ) AS detail,
    format(
        'ALTER TABLE %s.%I DROP CONSTRAINT %I; and refer by (tenant_id, …) to (tenant_id, id).',
        k.child_schema::regnamespace, k.child, k.conname
    ) AS remedy
FROM keys AS k
WHERE
    k.child_schema <> k.parent_schema
    OR NOT (
        k.child_column = 'tenant_id'
        AND (
            (k.parent_column = 'tenant_id' AND cardinality(k.conkey) > 1)
            OR (k.parent = 'tenants' AND k.parent_column = 'id' AND cardinality(k.conkey) = 1)
        )
    )
ORDER BY name;
