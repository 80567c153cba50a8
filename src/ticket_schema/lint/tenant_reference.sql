-- The tenant of every row exists: tenant_id refers to tenants. A row of a tenant that is no more,
-- or never was, is found by nobody and belongs to whoever gets that id.
SELECT
    c.relname::text AS name,
    'tenant_id does not refer to tenants' AS detail,
    format(
        'ALTER TABLE ticketing.%I ADD CONSTRAINT %I FOREIGN KEY (tenant_id) '
        'REFERENCES ticketing.tenants (id) ON DELETE RESTRICT;',
        c.relname, format('fk_%s_tenant_id', c.relname)
    ) AS remedy
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_attribute AS a
    ON c.oid = a.attrelid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_constraint AS k
        INNER JOIN pg_catalog.pg_class AS p ON k.confrelid = p.oid
        WHERE
            k.contype = 'f'
            AND k.conrelid = c.oid
            AND p.relnamespace = c.relnamespace
            AND p.relname = 'tenants'
            AND k.conkey = ARRAY[a.attnum]
    )
ORDER BY c.relname;
