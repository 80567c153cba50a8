-- Every constraint holds for all rows and every index is whole. A foreign key that was never
-- validated may have rows of another tenant behind it; an index that is not valid guarantees
-- nothing.
SELECT
    format('%s.%s', c.relname, k.conname) AS name,
    CASE
        WHEN to_jsonb(k) ->> 'conenforced' = 'false' THEN 'is not enforced'
        ELSE 'is not validated: old rows may break it'
    END AS detail,
    CASE
        WHEN to_jsonb(k) ->> 'conenforced' = 'false'
            THEN format(
                'ALTER TABLE ticketing.%I ALTER CONSTRAINT %I ENFORCED;', c.relname, k.conname
            )
        ELSE format('ALTER TABLE ticketing.%I VALIDATE CONSTRAINT %I;', c.relname, k.conname)
    END AS remedy
FROM pg_catalog.pg_constraint AS k
INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
WHERE
    c.relnamespace = to_regnamespace('ticketing')
    AND (NOT k.convalidated OR to_jsonb(k) ->> 'conenforced' = 'false')
UNION ALL
SELECT
    i.relname::text AS name,
    'is invalid and guarantees nothing' AS detail,
    format(
        'REINDEX INDEX CONCURRENTLY ticketing.%I; or DROP it, when no revision makes it.', i.relname
    ) AS remedy
FROM pg_catalog.pg_index AS x
INNER JOIN pg_catalog.pg_class AS i ON x.indexrelid = i.oid
WHERE
    i.relnamespace = to_regnamespace('ticketing')
    AND NOT (x.indisvalid AND x.indisready AND x.indislive)
ORDER BY name;
