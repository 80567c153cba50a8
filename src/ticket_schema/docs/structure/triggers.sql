-- One row a trigger: when it fires, for what, and what it calls.
SELECT
    format('%s.%s', c.relname, t.tgname) AS name,
    jsonb_build_object(
        'trigger', t.tgname,
        'table', c.relname,
        'function', p.proname,
        'function_schema', pn.nspname,
        'timing', CASE
            WHEN t.tgtype & 2 <> 0 THEN 'BEFORE' WHEN t.tgtype & 64 <> 0 THEN 'INSTEAD OF'
            ELSE 'AFTER'
        END,
        'level', CASE WHEN t.tgtype & 1 <> 0 THEN 'ROW' ELSE 'STATEMENT' END,
        'events', to_jsonb(array_remove(ARRAY[
            CASE WHEN t.tgtype & 4 <> 0 THEN 'INSERT' END,
            CASE WHEN t.tgtype & 16 <> 0 THEN 'UPDATE' END,
            CASE WHEN t.tgtype & 8 <> 0 THEN 'DELETE' END,
            CASE WHEN t.tgtype & 32 <> 0 THEN 'TRUNCATE' END
        ], NULL)),
        'columns', coalesce((
            SELECT jsonb_agg(a.attname ORDER BY o.place)
            FROM unnest(t.tgattr) WITH ORDINALITY AS o (number, place)
            INNER JOIN pg_attribute AS a ON a.attrelid = t.tgrelid AND o.number = a.attnum
        ), '[]'),
        'when', (regexp_match(pg_get_triggerdef(t.oid), ' WHEN \((.*)\) EXECUTE '))[1],
        'deferrable', t.tgdeferrable,
        'enabled', t.tgenabled
    ) AS facts
FROM pg_trigger AS t
INNER JOIN pg_class AS c ON t.tgrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_proc AS p ON t.tgfoid = p.oid
INNER JOIN pg_namespace AS pn ON p.pronamespace = pn.oid
WHERE n.nspname = $1 AND NOT t.tgisinternal;
