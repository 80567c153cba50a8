-- How much of its numbers each sequence has used, and how many its column can hold.
SELECT
    c.relname AS sequence,
    pg_catalog.format_type(s.seqtypid, NULL) AS type,
    CASE
        WHEN NOT pg_catalog.has_sequence_privilege(c.oid, 'USAGE, SELECT') THEN 'may not be read'
        ELSE coalesce(pg_catalog.pg_sequence_last_value(c.oid)::text, 'not used yet')
    END AS last_number,
    s.seqmax AS largest,
    CASE
        WHEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE, SELECT')
            THEN round(
                100.0 * coalesce(pg_catalog.pg_sequence_last_value(c.oid), 0) / s.seqmax, 1
            )::text
    END AS used_percent
FROM pg_catalog.pg_sequence AS s
INNER JOIN pg_catalog.pg_class AS c ON s.seqrelid = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = $1
ORDER BY c.relname;
