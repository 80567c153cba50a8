-- Every trigger of our tables is on, those that keep the foreign keys included: with one switched
-- off a row can point into another tenant.
SELECT DISTINCT
    format('%s.%s', c.relname, coalesce(k.conname, t.tgname)) AS name,
    CASE t.tgenabled WHEN 'R' THEN 'fires for replicas alone' ELSE 'is switched off' END AS detail,
    CASE
        WHEN t.tgisinternal THEN format('ALTER TABLE ticketing.%I ENABLE TRIGGER ALL;', c.relname)
        ELSE format('ALTER TABLE ticketing.%I ENABLE TRIGGER %I;', c.relname, t.tgname)
    END AS remedy
FROM pg_catalog.pg_trigger AS t
INNER JOIN pg_catalog.pg_class AS c ON t.tgrelid = c.oid
LEFT JOIN pg_catalog.pg_constraint AS k ON t.tgisinternal AND t.tgconstraint = k.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND t.tgenabled NOT IN ('O', 'A')
ORDER BY name;
