-- Settings that mean the same and are called differently: what sets one leaves the other empty, so
-- that half of the policies show nothing. They mean the same when one column is compared with
-- them, or when they differ but for the words current, id, app and the like.
WITH bodies AS (
    SELECT
        p.schema,
        'policy' AS kind,
        format('%s.%s', p.table_name, p.name) AS name,
        p.body AS text,
        p.oid
    FROM policy AS p
    UNION ALL
    SELECT
        n.nspname::text AS schema,
        'function' AS kind,
        format('%s(%s)', f.proname, pg_get_function_identity_arguments(f.oid)) AS name,
        coalesce(pg_get_function_sqlbody(f.oid), f.prosrc) AS text,
        f.oid
    FROM pg_proc AS f
    INNER JOIN pg_namespace AS n ON f.pronamespace = n.oid
    WHERE
        n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'gate_nested')
        AND f.prokind IN ('f', 'p')
),

uses AS (
    SELECT DISTINCT
        b.schema,
        b.kind,
        b.name,
        b.oid,
        m.found[1] AS setting,
        'words ' || btrim(regexp_replace(
            regexp_replace(m.found[1], '^.*\.', ''), '(^|_)(current|id|my|the)(?=_|$)', '', 'g'
        ), '_') AS meaning
    FROM bodies AS b
    CROSS JOIN LATERAL regexp_matches(
        b.text, 'current_setting\s*\(\s*''(\w+\.[\w.]+)''', 'g'
    ) AS m (found)
    UNION
    SELECT DISTINCT
        b.schema,
        b.kind,
        b.name,
        b.oid,
        x.found[2] AS setting,
        'column ' || x.found[1] AS meaning
    FROM bodies AS b
    CROSS JOIN LATERAL regexp_matches(
        b.text,
        '\m(\w+)\)?(?:::\w+)? = [( ]*(?:SELECT )?[( ]*(?:NULLIF\()?current_setting\(''([\w.]+)''',
        'g'
    ) AS x (found)
    WHERE b.kind = 'policy'
),

counted AS (
    SELECT
        u.meaning,
        u.setting,
        count(*) AS times,
        min(u.oid::bigint) AS first
    FROM uses AS u
    GROUP BY u.meaning, u.setting
),

usual AS (
    SELECT DISTINCT ON (c.meaning)
        c.meaning,
        c.setting
    FROM counted AS c
    ORDER BY c.meaning ASC, c.times DESC, c.first ASC
)

SELECT
    u.schema,
    u.kind,
    u.name,
    format('reads %s, where others read %s', u.setting, string_agg(DISTINCT o.setting, ', '))
        AS detail
FROM uses AS u
INNER JOIN usual AS o ON u.meaning = o.meaning AND u.setting <> o.setting
GROUP BY u.schema, u.kind, u.name, u.setting
ORDER BY u.schema, u.name, u.setting;
