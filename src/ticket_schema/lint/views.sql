-- A view runs as its reader. One that runs as its owner shows what the owner may see, which for a
-- superuser is every tenant; a materialised view shows every row that it was built from. Views of
-- other schemas count when they read this one, be it through others.
WITH RECURSIVE readers AS (
    SELECT
        w.ev_class AS oid,
        d.refclassid,
        d.refobjid
    FROM pg_catalog.pg_depend AS d
    INNER JOIN pg_catalog.pg_rewrite AS w ON d.objid = w.oid
    WHERE
        d.classid = 'pg_catalog.pg_rewrite'::regclass
        AND d.refclassid IN ('pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass)
),

ours AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('ticketing')
    UNION
    SELECT r.oid
    FROM readers AS r
    INNER JOIN pg_catalog.pg_proc AS p
        ON r.refclassid = 'pg_catalog.pg_proc'::regclass AND r.refobjid = p.oid
    WHERE p.pronamespace = to_regnamespace('ticketing')
    UNION
    SELECT r.oid
    FROM readers AS r
    INNER JOIN ours AS o
        ON r.refclassid = 'pg_catalog.pg_class'::regclass AND r.refobjid = o.oid
)

SELECT
    CASE
        WHEN c.relnamespace = to_regnamespace('ticketing') THEN c.relname::text
        ELSE format('%s.%s', c.relnamespace::regnamespace, c.relname)
    END AS name,
    CASE c.relkind
        WHEN 'v' THEN format('runs as its owner %s', pg_get_userbyid(c.relowner))
        ELSE 'is materialised: it has no row level security'
    END AS detail,
    CASE c.relkind
        WHEN 'v' THEN format(
            'ALTER VIEW %s.%I SET (security_invoker = TRUE);',
            c.relnamespace::regnamespace, c.relname
        )
        ELSE format(
            'DROP MATERIALIZED VIEW %s.%I; or let no service read it.',
            c.relnamespace::regnamespace, c.relname
        )
    END AS remedy
FROM pg_catalog.pg_class AS c
INNER JOIN ours AS o ON c.oid = o.oid
WHERE
    c.relkind = 'm'
    OR (
        c.relkind = 'v'
        AND NOT EXISTS (
            SELECT
            FROM pg_options_to_table(c.reloptions) AS t
            WHERE t.option_name = 'security_invoker' AND t.option_value::boolean
        )
    )
ORDER BY name;
