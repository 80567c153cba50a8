-- Nothing reads the context but the helpers and what is listed: a setting that is read by hand
-- reads '' after the first transaction of a session, or something else than the policies go by.
SELECT
    q.name,
    'reads a session setting' AS detail,
    'Ask current_tenant_id(), current_user_id() or acts_for_tenant().' AS remedy
FROM (
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
    UNION ALL
    SELECT
        format('%s.%s', c.relname, a.attname) AS name,
        pg_get_expr(f.adbin, f.adrelid) AS body
    FROM pg_catalog.pg_attrdef AS f
    INNER JOIN pg_catalog.pg_class AS c ON f.adrelid = c.oid
    INNER JOIN pg_catalog.pg_attribute AS a ON f.adrelid = a.attrelid AND f.adnum = a.attnum
    WHERE c.relnamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        format('%s.%s', c.relname, k.conname) AS name,
        pg_get_constraintdef(k.oid) AS body
    FROM pg_catalog.pg_constraint AS k
    INNER JOIN pg_catalog.pg_class AS c ON k.conrelid = c.oid
    WHERE c.relnamespace = to_regnamespace('ticketing')
    UNION ALL
    SELECT
        c.relname::text AS name,
        pg_get_viewdef(c.oid) AS body
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('ticketing') AND c.relkind IN ('v', 'm')
) AS q
-- A setting of the server has a name without a dot, given as a literal.
WHERE q.body ~ 'current_setting\s*\(\s*(?!''[a-z_]+'')|\mpg_settings\M|\mSHOW\M'
ORDER BY q.name;
