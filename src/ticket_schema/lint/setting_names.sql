-- Seven settings make up the context. Any other name is read by nobody else, or opens what no
-- policy knows of.
WITH bodies AS (
    SELECT
        format('%s(%s)', p.proname, oidvectortypes(p.proargtypes)) AS name,
        p.prosrc AS body
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        format('%s.%s', c.relname, p.polname) AS name,
        concat_ws(' ', pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
            AS body
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_class AS c ON p.polrelid = c.oid
    WHERE c.relnamespace = to_regnamespace('ticketing')
)

SELECT DISTINCT
    b.name,
    format('uses setting %s', m.found[1]) AS detail,
    'Use one of the seven settings of schema ticketing.' AS remedy
FROM bodies AS b
CROSS JOIN LATERAL regexp_matches(
    b.body, '(?:current_setting|set_config)\s*\(\s*''([a-z_]+\.[a-z_.]+)''', 'g'
) AS m (found)
WHERE
    m.found[1] NOT IN (
        'app.current_tenant_id', 'app.current_user_id', 'app.current_user_role',
        'app.actor_type', 'app.status_change_reason', 'app.status_change_source',
        'app.signed_context'
    )
ORDER BY b.name, detail;
