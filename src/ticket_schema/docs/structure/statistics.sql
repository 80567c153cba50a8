-- One row a statistics object, which changes plans and nothing else.
SELECT
    s.stxname::text AS name,
    jsonb_strip_nulls(jsonb_build_object(
        'table', c.relname,
        'definition', pg_get_statisticsobjdef(s.oid),
        'target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END,
        'comment', obj_description(s.oid, 'pg_statistic_ext')
    )) AS facts
FROM pg_statistic_ext AS s
INNER JOIN pg_class AS c ON s.stxrelid = c.oid
INNER JOIN pg_namespace AS n ON s.stxnamespace = n.oid
WHERE n.nspname = $1;
