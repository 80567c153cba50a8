-- Every table says in its first column whose row it is: tenant_id uuid NOT NULL, given by whoever
-- writes the row. A row without a tenant belongs to nobody or to all.
SELECT
    c.relname::text AS name,
    w.detail,
    w.remedy
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_attribute AS a
    ON c.oid = a.attrelid AND a.attname = 'tenant_id' AND NOT a.attisdropped
CROSS JOIN LATERAL (
    VALUES
    (
        a.attnum IS NULL,
        'has no tenant_id',
        'Make the table anew with tenant_id uuid NOT NULL first.'
    ),
    (
        a.atttypid <> 'uuid'::regtype,
        format('tenant_id is %s', format_type(a.atttypid, a.atttypmod)),
        format('ALTER TABLE ticketing.%I ALTER tenant_id TYPE uuid USING …;', c.relname)
    ),
    (
        NOT a.attnotnull,
        'tenant_id may be NULL',
        format('ALTER TABLE ticketing.%I ALTER tenant_id SET NOT NULL;', c.relname)
    ),
    (
        a.atthasdef,
        'tenant_id has a default',
        format('ALTER TABLE ticketing.%I ALTER tenant_id DROP DEFAULT;', c.relname)
    ),
    (
        EXISTS (
            SELECT
            FROM pg_catalog.pg_attribute AS b
            WHERE
                b.attrelid = c.oid
                AND b.attnum > 0
                AND b.attnum < a.attnum
                AND NOT b.attisdropped
        ),
        'tenant_id is not the first column',
        'Make the table anew with tenant_id uuid NOT NULL first.'
    )
) AS w (is_wrong, detail, remedy)
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND w.is_wrong
ORDER BY c.relname, w.detail;
