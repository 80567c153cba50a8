-- Policies learn who is asking from three helpers alone, each wrapped in a sub-select. A policy
-- that reads a setting itself raises on an empty one; a helper that is not wrapped is asked once a
-- row, and a cursor that outlives a change of tenant goes on with the rows of the next one.
WITH clauses AS (
    SELECT
        c.relname,
        p.polname,
        concat_ws(
            ' AND ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
        ) AS body
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
    WHERE c.relnamespace = to_regnamespace('ticketing')
)

SELECT
    format('%s.%s', t.relname, t.polname) AS name,
    format('calls %s', f.called[1]) AS detail,
    'Use current_tenant_id(), current_user_id() or acts_for_tenant() of schema ticketing.' AS remedy
FROM clauses AS t
CROSS JOIN LATERAL regexp_matches(t.body, '([a-z_][a-z0-9_."]*)\(', 'g') AS f (called)
WHERE
    f.called[1] NOT IN (
        'ticketing.current_tenant_id', 'ticketing.current_user_id', 'ticketing.acts_for_tenant',
        'now', 'clock_timestamp'
    )
UNION
SELECT
    format('%s.%s', t.relname, t.polname) AS name,
    format('calls %s() once a row', f.called[1]) AS detail,
    format('Write (SELECT %s()).', f.called[1]) AS remedy
FROM clauses AS t
CROSS JOIN LATERAL regexp_matches(t.body, '(?<!SELECT )(ticketing\.\w+)\(\)', 'g') AS f (called)
UNION
SELECT
    format('%s.%s', c.relname, p.polname) AS name,
    format('uses operator %s of schema %s', o.oprname, o.oprnamespace::regnamespace) AS detail,
    'Compare with operators of PostgreSQL alone.' AS remedy
FROM pg_catalog.pg_depend AS d
INNER JOIN pg_catalog.pg_policy AS p ON d.objid = p.oid
INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
INNER JOIN pg_catalog.pg_operator AS o ON d.refobjid = o.oid
WHERE
    d.classid = 'pg_catalog.pg_policy'::regclass
    AND d.refclassid = 'pg_catalog.pg_operator'::regclass
    AND c.relnamespace = to_regnamespace('ticketing')
ORDER BY name, detail;
