-- Every unique or exclusion index leads with tenant_id. One across tenants tells, by the error,
-- what another tenant has, and lets one tenant take a value away from the others.
SELECT
    format('%s.%s', c.relname, i.relname) AS name,
    format('is unique across tenants: %s', pg_get_indexdef(x.indexrelid)) AS detail,
    format('Build ticketing.%I anew with tenant_id first.', i.relname) AS remedy
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS c ON x.indrelid = c.oid
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
LEFT JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid AND x.indkey[0] = a.attnum
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND (x.indisunique OR x.indisexclusion)
    AND a.attname IS DISTINCT FROM 'tenant_id'
ORDER BY name;
