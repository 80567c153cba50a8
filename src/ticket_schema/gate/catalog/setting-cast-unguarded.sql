-- Settings that are cast as they are: after the first transaction of a session that set one it
-- reads '', which is no uuid and no number, so each query on a pooled connection fails.
WITH bodies AS (
    SELECT
        p.schema,
        'policy' AS kind,
        format('%s.%s', p.table_name, p.name) AS name,
        p.body AS text
    FROM policy AS p
    UNION ALL
    SELECT
        n.nspname::text AS schema,
        'function' AS kind,
        format('%s(%s)', f.proname, pg_get_function_identity_arguments(f.oid)) AS name,
        coalesce(pg_get_function_sqlbody(f.oid), f.prosrc) AS text
    FROM pg_proc AS f
    INNER JOIN pg_namespace AS n ON f.pronamespace = n.oid
    WHERE
        n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gate_nested')
        AND f.prokind IN ('f', 'p')
        -- It catches what the cast raises.
        AND f.prosrc !~* '\mEXCEPTION\s+WHEN\M'
    UNION ALL
    SELECT
        o.schema,
        'column' AS kind,
        format('%s.%s', o.name, a.attname) AS name,
        pg_get_expr(f.adbin, f.adrelid) AS text
    FROM pg_attrdef AS f
    INNER JOIN own AS o ON f.adrelid = o.oid
    INNER JOIN pg_attribute AS a ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    UNION ALL
    SELECT
        o.schema,
        o.kind,
        o.name,
        pg_get_viewdef(o.oid) AS text
    FROM own AS o
    WHERE o.relkind IN ('v', 'm')
)

SELECT DISTINCT
    b.schema,
    b.kind,
    b.name,
    format('casts the setting %s to %s, which '''' is not', m.found[1], m.found[2]) AS detail,
    format('NULLIF(current_setting(''%s'', TRUE), '''')::%s', m.found[1], m.found[2]) AS mend
FROM bodies AS b
CROSS JOIN LATERAL (
    SELECT r.found
    FROM regexp_matches(
        b.text,
        'current_setting\s*\(\s*''(\w+\.[\w.]+)''(?:::text)?\s*(?:,\s*\w+\s*)?\)+\s*::\s*(\w+)',
        'gi'
    ) AS r (found)
    UNION ALL
    SELECT r.found
    FROM regexp_matches(
        b.text,
        'COALESCE\s*\(\s*current_setting\s*\(\s*''(\w+\.[\w.]+)''(?:::text)?\s*(?:,\s*\w+\s*)?\)'
        '\s*,\s*''''(?:::text)?\s*\)+\s*::\s*(\w+)',
        'gi'
    ) AS r (found)
    UNION ALL
    SELECT r.found
    FROM regexp_matches(
        b.text,
        'CAST\s*\(\s*current_setting\s*\(\s*''(\w+\.[\w.]+)''\s*(?:,\s*\w+\s*)?\)\s+AS\s+(\w+)',
        'gi'
    ) AS r (found)
) AS m
WHERE m.found[2] NOT IN ('text', 'varchar', 'character', 'name', 'citext', 'char')
ORDER BY b.schema, b.name, detail;
