-- Materialized views of tables with row level security: they hold the rows of all tenants, and
-- have no row level security of their own.
SELECT
    v.schema,
    v.kind,
    v.name,
    format(
        'shows the rows of %s to whoever may read it',
        string_agg(DISTINCT t.name, ', ' ORDER BY t.name)
    ) AS detail
FROM own AS v
INNER JOIN pg_rewrite AS w ON v.oid = w.ev_class
INNER JOIN pg_depend AS d
    ON
        d.classid = 'pg_rewrite'::regclass
        AND w.oid = d.objid
        AND d.refclassid = 'pg_class'::regclass
INNER JOIN own AS t ON d.refobjid = t.oid
WHERE
    v.relkind = 'm'
    AND t.guarded
    AND (
        EXISTS (
            SELECT
            FROM granted AS g
            WHERE g.relation = v.oid
        )
        OR NOT EXISTS (
            SELECT
            FROM granted AS g
            WHERE g.relation = t.oid
        )
    )
GROUP BY v.schema, v.kind, v.name
ORDER BY v.schema, v.name;
